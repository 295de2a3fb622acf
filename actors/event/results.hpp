#pragma once

// What a run is asked and what comes of it: plain values, also for authors of agents.

#include "actors/core/refusal.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

enum class run_status : std::uint8_t { complete, partial, degraded, cancelled, failed };

/// The protocol's word for it.
const char* to_string(run_status x) noexcept;

/// How a model's answer ended, as the model's server said. A text that was broken off has no reason.
enum class finish_reason : std::uint8_t { none, stop, length, content_filter, tool_calls };

/// The protocol's word for it; empty for `none`.
const char* to_string(finish_reason x) noexcept;

/// Who wrote the text from code point `from` up to, not including, `to`.
struct run_part {
  std::string model;
  std::uint64_t from = 0;
  std::uint64_t to = 0;
};

/// Tokens as the models counted them.
struct token_usage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
};

/// The protocol's `delta`: text that begins after `at` Unicode code points.
struct run_delta {
  std::string run_id;
  std::uint64_t at = 0;
  std::string text;
};

/// The protocol's `result`.
struct run_result {
  std::string run_id;
  run_status status = run_status::failed;
  std::string output = "null"; ///< JSON text.
  token_usage usage;
  std::vector<run_part> parts;
  std::uint32_t attempts = 0;
  std::int64_t queued_ms = 0;
  std::int64_t first_piece_ms = -1; ///< -1: there was none.
  std::int64_t elapsed_ms = 0;
  refusal error;         ///< Where the status is not `complete`.
  bool streamed = false; ///< There were deltas. Their text …
  std::string text;      ///< … if it is not the `text` of the output.
  finish_reason finish = finish_reason::none;
  std::string refusal_text = {}; ///< Why a model would not answer, in its words; empty: it did not say so.
};

/// run → agent: a `call` for it. The agent answers with an `agent_reply`.
struct agent_call {
  std::string run_id;
  std::uint64_t seq = 0;       ///< Of the call's event.
  std::string client_id;       ///< Who called.
  std::string input;           ///< JSON text.
  std::int64_t timeout_ms = 0; ///< What is left of the run's time.
  std::string origin;          ///< What the ids of all that the agent emits begin with: one for each step.
  std::uint32_t attempt = 1;   ///< 2: the process died while it was in hand.
  std::uint32_t hops = 0;      ///< Of the call's event.
};

/// agent → run: the output, or (`error.refused()`) why there is none.
struct agent_reply {
  std::string output = "null"; ///< JSON text.
  refusal error;
  token_usage usage = {}; ///< Of the models that were asked for it.
};

template <class Inspector>
bool inspect(Inspector& f, run_status& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<run_status>(value);
    return value <= static_cast<std::uint8_t>(run_status::failed);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, finish_reason& x) {
  auto get = [&x] { return static_cast<std::uint8_t>(x); };
  auto set = [&x](std::uint8_t value) {
    x = static_cast<finish_reason>(value);
    return value <= static_cast<std::uint8_t>(finish_reason::tool_calls);
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, run_part& x) {
  return f.object(x).fields(f.field("model", x.model), f.field("from", x.from), f.field("to", x.to));
}

template <class Inspector>
bool inspect(Inspector& f, token_usage& x) {
  return f.object(x).fields(f.field("input_tokens", x.input_tokens),
                            f.field("output_tokens", x.output_tokens));
}

template <class Inspector>
bool inspect(Inspector& f, run_delta& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("at", x.at), f.field("text", x.text));
}

template <class Inspector>
bool inspect(Inspector& f, run_result& x) {
  return f.object(x).fields(
      f.field("run_id", x.run_id), f.field("status", x.status), f.field("output", x.output),
      f.field("usage", x.usage), f.field("parts", x.parts), f.field("attempts", x.attempts),
      f.field("queued_ms", x.queued_ms), f.field("first_piece_ms", x.first_piece_ms),
      f.field("elapsed_ms", x.elapsed_ms), f.field("error", x.error), f.field("streamed", x.streamed),
      f.field("text", x.text), f.field("finish", x.finish), f.field("refusal_text", x.refusal_text));
}

template <class Inspector>
bool inspect(Inspector& f, agent_call& x) {
  return f.object(x).fields(f.field("run_id", x.run_id), f.field("seq", x.seq),
                            f.field("client_id", x.client_id), f.field("input", x.input),
                            f.field("timeout_ms", x.timeout_ms), f.field("origin", x.origin),
                            f.field("attempt", x.attempt), f.field("hops", x.hops));
}

template <class Inspector>
bool inspect(Inspector& f, agent_reply& x) {
  return f.object(x).fields(f.field("output", x.output), f.field("error", x.error),
                            f.field("usage", x.usage));
}

} // namespace weir
