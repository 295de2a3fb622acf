#pragma once

// The conversation with a model pool.

#include "actors/core/inbox.hpp"
#include "actors/core/refusal.hpp"
#include "actors/messages/chat.hpp"
#include "actors/messages/runs.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// caller → pool, behind a permit of the pool's inbox: one attempt at one call. The pool keeps the permit
/// while the request waits, so the inbox's limit is the queue's. The sink gets any number of `model_piece`
/// and then exactly one of `model_done` and `model_failed`, unless it cancels or goes away.
/// Cancel: `(model_cancel_atom, uint64_t id)` from the same sink.
struct model_request {
  std::uint64_t id = 0; ///< The caller's; comes back in every answer.
  std::string ns;       ///< Which namespace pays: the queue is fair between them.
  std::vector<chat_message> messages;
  std::int64_t timeout_ms = 0; ///< For this attempt, queueing included.
  caf::actor sink;
  std::vector<tool_spec> tools = {}; ///< What the model may call.
  model_options options = {};
};

/// worker → caller: more text. The first one is empty and means that a worker has begun.
struct model_piece {
  std::uint64_t id = 0;
  std::string text;           ///< UTF-8, never cut inside a code point.
  std::int64_t queued_ms = 0; ///< How long this attempt waited for a worker.
};

/// How a whole answer ended.
struct answer_end {
  token_usage usage = {};
  std::vector<tool_call> tool_calls = {}; ///< Not empty: the model goes on once it has their results.
  finish_reason finish = finish_reason::stop;
  std::string refusal_text = {}; ///< Why the model would not answer, in its words.
};

/// worker → caller: the answer is whole.
struct model_done {
  std::uint64_t id = 0;
  answer_end end;
};

/// pool or worker → caller: this attempt is over without a whole answer.
struct model_failed {
  std::uint64_t id = 0;
  refusal error; ///< 429, 503, 504, or what the backend said; `retry_after_ms` is the backend's wish.
  bool retryable = false; ///< Connection refused, 429, 5xx, stalled: yes. Any other 4xx, malformed: no.
  bool refused = false;   ///< By the pool: nobody has tried, and it is no use to ask this pool again soon.
};

/// pool of another node → who asked it: the request with this id has been read there.
struct model_receipt {
  std::uint64_t id = 0;
};

/// pool → worker: do this attempt. Its `timeout_ms` is what is left of the request's.
struct model_assignment {
  std::uint64_t ticket = 0; ///< The pool's number for the attempt.
  std::int64_t queued_ms = 0;
  model_request what;
};

/// worker → pool: I have nothing to do. With a ticket, that attempt is over.
struct model_worker_idle {
  std::uint64_t ticket = 0;    ///< 0: none, it has just started.
  std::string outcome;         ///< For the metrics: `done`, `failed`, `timeout` or `cancelled`.
  bool backend_failed = false; ///< It was the backend's fault: the circuit breaker counts it.
};

template <class Inspector>
bool inspect(Inspector& f, model_request& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("ns", x.ns), f.field("messages", x.messages),
                            f.field("timeout_ms", x.timeout_ms), f.field("sink", x.sink),
                            f.field("tools", x.tools), f.field("options", x.options));
}

template <class Inspector>
bool inspect(Inspector& f, model_piece& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("text", x.text), f.field("queued_ms", x.queued_ms));
}

template <class Inspector>
bool inspect(Inspector& f, answer_end& x) {
  return f.object(x).fields(f.field("usage", x.usage), f.field("tool_calls", x.tool_calls),
                            f.field("finish", x.finish), f.field("refusal_text", x.refusal_text));
}

template <class Inspector>
bool inspect(Inspector& f, model_done& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("end", x.end));
}

template <class Inspector>
bool inspect(Inspector& f, model_failed& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("error", x.error), f.field("retryable", x.retryable),
                            f.field("refused", x.refused));
}

template <class Inspector>
bool inspect(Inspector& f, model_receipt& x) {
  return f.object(x).fields(f.field("id", x.id));
}

template <class Inspector>
bool inspect(Inspector& f, model_assignment& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("queued_ms", x.queued_ms),
                            f.field("what", x.what));
}

template <class Inspector>
bool inspect(Inspector& f, model_worker_idle& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("outcome", x.outcome),
                            f.field("backend_failed", x.backend_failed));
}

} // namespace weir
