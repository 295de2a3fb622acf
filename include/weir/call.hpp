#pragma once

// What a call asks, and how it ended: plain values.

#include "weir/error.hpp"

#include <cstdint>
#include <string>

namespace weir {

/// How a run ended. `partial`: with a part of the text. `degraded`: a fallback model answered.
enum class run_status : std::uint8_t { complete, partial, degraded, cancelled, failed };

/// The protocol's word for it.
const char* to_string(run_status x) noexcept;

/// How a model's answer ended, as the model's server said. `none`: it broke off.
enum class finish_reason : std::uint8_t { none, stop, length, content_filter, tool_calls };

/// The protocol's word for it; empty for `none`.
const char* to_string(finish_reason x) noexcept;

/// Tokens as the models counted them.
struct token_usage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;
};

/// How a model's answer ended.
struct model_answer {
  run_status status = run_status::failed;
  std::string text;  ///< What there is of it, also where the status is not `complete`.
  token_usage usage; ///< Of all attempts.
  refusal error;     ///< Where the status is not `complete`.
  finish_reason finish =
      finish_reason::none;       ///< With `length` and `content_filter` the text is not all of it.
  std::string refusal_text = {}; ///< Why the model would not answer, in its words; empty: it did.
};

/// How a call of another agent or workflow ended.
struct call_result {
  run_status status = run_status::failed;
  std::string output = "null"; ///< JSON text.
  refusal error;               ///< Where the status is not `complete`.

  bool ok() const noexcept { return status == run_status::complete; }
};

/// A call of an agent.
struct agent_call {
  std::string run_id;          ///< `client_id/message_id` of the call.
  std::uint64_t seq = 0;       ///< Of the call's event in the log.
  std::string client_id;       ///< Who called.
  std::string input;           ///< JSON text.
  std::int64_t timeout_ms = 0; ///< What is left of the run's time.
  std::string origin;          ///< What the ids of all that the agent emits begin with: one for each step.
  std::uint32_t attempt = 1;   ///< 2: the process died while it was in hand.
  std::uint32_t hops = 0;      ///< Of the call's event.
};

} // namespace weir
