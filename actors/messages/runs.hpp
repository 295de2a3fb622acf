#pragma once

// The conversation about runs: between callers, the orchestrator, runs and agents.

#include "actors/core/refusal.hpp"
#include "actors/event/results.hpp"
#include "actors/messages/type_ids.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Where the deltas and the result of a run go: a subscriber behind a relay.
struct watcher {
  caf::actor relay;
  std::uint64_t subscriber = 0; ///< The relay's number for the connection.
  bool stream = false;          ///< Wants deltas, not only the result …
  std::uint64_t at = 0;         ///< … from this code point on.
};

/// What happens to a call whose thread has a run in flight.
enum class busy_policy : std::uint8_t {
  concurrent, ///< It runs beside it.
  queue,      ///< It waits until those before it are over.
  replace,    ///< Those before it are cancelled first.
  reject,     ///< It ends at once, as `failed`.
};

/// The protocol's word for it.
const char* to_string(busy_policy x) noexcept;

/// namespace → orchestrator: this caller waits for that run. Sent before the call's event is offered, and
/// again when a call is repeated.
struct watch_run {
  std::string run_id;
  watcher who;
  bool over = false;      ///< The call's event is done with: there can only be a result.
  bool tied = false;      ///< The run is to be cancelled when this caller's connection goes …
  bool abandoned = false; ///< … which it has already: nobody is in `who`.
};

/// relay → namespace → orchestrator: show this subscriber that run, its text from code point `at` on.
/// Answered to the relay with an `answer` of the same ticket; then `run_update`s follow.
struct watch_request {
  std::uint64_t ticket = 0;
  std::string run_id;
  watcher who;
};

/// As `watch_request`: show it no more of it.
struct unwatch_request {
  std::uint64_t ticket = 0;
  std::string run_id;
  watcher who;
};

/// relay → namespace: this subscriber waits for a run that was accepted by the namespace's actor before this
/// one, perhaps on another node. No answer; `run_update`s follow.
struct follow_run {
  std::string run_id;
  std::uint64_t seq = 0; ///< Of the call's event; 0: not known.
  watcher who;
  bool tied = false; ///< The run ends with the subscriber.
};

/// namespace → orchestrator: this subscriber's connection is gone. @param subscriber 0: all of the relay.
struct watcher_gone {
  caf::actor relay;
  std::uint64_t subscriber = 0;
};

/// orchestrator → run: tell this subscriber no more.
struct drop_watcher {
  caf::actor relay;
  std::uint64_t subscriber = 0;
};

/// relay → namespace → orchestrator: end this run. Answered to the relay with an `answer` of the same ticket.
struct cancel_run {
  std::uint64_t ticket = 0;
  std::string run_id;
  caf::actor relay; ///< Filled in by the namespace, like the ticket; null: nobody waits for the answer.
};

/// relay → namespace → orchestrator → run: a piece of text of an external agent's answer, by a client that
/// has the call's event in hand. Answered with an `answer`.
struct worker_delta {
  static constexpr std::uint64_t append = ~0ULL;

  std::uint64_t subscriber = 0; ///< The relay's number for the connection.
  std::string run_id;
  std::uint64_t at = append; ///< The code point where it begins; `append`: where the text ends.
  std::string text;
};

/// As `worker_delta`: the end of an external agent's answer.
struct worker_result {
  std::uint64_t subscriber = 0;
  std::string run_id;
  std::string output = "null"; ///< JSON text.
  bool failed = false;
  std::string message; ///< With `failed`: why.
  token_usage usage;
};

/// run → relay: for one subscriber. Exactly one of the two is meant: a result when it is set, else the delta.
struct run_update {
  std::uint64_t subscriber = 0;
  bool finished = false;
  run_delta delta;
  run_result result;
};

/// An agent as the orchestrator knows it.
enum class agent_state_kind : std::uint8_t {
  ready,      ///< It takes events and calls.
  restarting, ///< It could not start, or was ended, and is started again after a delay.
  failed,     ///< It could not start too often: it is left alone until the window has passed.
};

const char* to_string(agent_state_kind x) noexcept;

/// agent or its supervisor → orchestrator.
struct agent_note {
  std::string name;
  agent_state_kind state = agent_state_kind::ready;
  std::string error;         ///< Where it is not ready: why.
  std::int64_t delay_ms = 0; ///< When it is started again.
};

/// run → orchestrator: this run is over.
struct run_finished {
  std::uint64_t seq = 0; ///< Of the call's event.
  run_result result;
  std::vector<watcher> watchers; ///< Who is to be told, once it is kept: they have had all of its text.
};

template <class Inspector>
bool inspect(Inspector& f, watcher& x) {
  return f.object(x).fields(f.field("relay", x.relay), f.field("subscriber", x.subscriber),
                            f.field("stream", x.stream), f.field("at", x.at));
}

template <class Inspector>
bool inspect(Inspector& f, busy_policy& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<busy_policy>(value);
    return value <= static_cast<std::uint8_t>(busy_policy::reject);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, agent_state_kind& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<agent_state_kind>(value);
    return value <= static_cast<std::uint8_t>(agent_state_kind::failed);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, agent_note& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("state", x.state), f.field("error", x.error),
                            f.field("delay_ms", x.delay_ms));
}

template <class Inspector>
bool inspect(Inspector& f, watch_run& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("who", x.who), f.field("over", x.over),
                            f.field("tied", x.tied), f.field("abandoned", x.abandoned));
}

template <class Inspector>
bool inspect(Inspector& f, watch_request& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("run_id", x.run_id), f.field("who", x.who));
}

template <class Inspector>
bool inspect(Inspector& f, unwatch_request& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("run_id", x.run_id), f.field("who", x.who));
}

template <class Inspector>
bool inspect(Inspector& f, follow_run& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("seq", x.seq), f.field("who", x.who),
                            f.field("tied", x.tied));
}

template <class Inspector>
bool inspect(Inspector& f, watcher_gone& x) {
  return f.object(x).fields(f.field("relay", x.relay), f.field("subscriber", x.subscriber));
}

template <class Inspector>
bool inspect(Inspector& f, drop_watcher& x) {
  return f.object(x).fields(f.field("relay", x.relay), f.field("subscriber", x.subscriber));
}

template <class Inspector>
bool inspect(Inspector& f, worker_delta& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("run_id", x.run_id),
                            f.field("at", x.at), f.field("text", x.text));
}

template <class Inspector>
bool inspect(Inspector& f, cancel_run& x) {
  return f.object(x).fields(f.field("ticket", x.ticket), f.field("run_id", x.run_id),
                            f.field("relay", x.relay));
}

template <class Inspector>
bool inspect(Inspector& f, worker_result& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("run_id", x.run_id),
                            f.field("output", x.output), f.field("failed", x.failed),
                            f.field("message", x.message), f.field("usage", x.usage));
}

template <class Inspector>
bool inspect(Inspector& f, run_update& x) {
  return f.object(x).fields(f.field("subscriber", x.subscriber), f.field("finished", x.finished),
                            f.field("delta", x.delta), f.field("result", x.result));
}

template <class Inspector>
bool inspect(Inspector& f, run_finished& x) {
  return f.object(x).fields(f.field("seq", x.seq), f.field("result", x.result),
                            f.field("watchers", x.watchers));
}

} // namespace weir
