#pragma once

#include "actors/calls/chat_call.hpp"
#include "actors/calls/sub_calls.hpp"

#include <functional>
#include <string>

namespace weir {

/// A tool that is another agent (or whatever else can be called in the namespace).
struct agent_tool {
  static constexpr std::int64_t default_timeout_ms = 10'000;

  tool_spec spec;
  std::string agent;
  std::int64_t timeout_ms = default_timeout_ms; ///< Of the agent's run, above 0.
  std::string client_id;                        ///< Who calls it.

  /// What the message id of the next call begins with: the same, in the same order, when the work is done
  /// again. `<origin>.t1`, `<origin>.t2` …
  std::function<std::string()> next_id;
  std::uint32_t hops = 0; ///< Of the calls.
};

/// The agent gets the arguments as its input. Its output is the result: the `text` where it is `{"text": …}`,
/// else the JSON.
///
/// A call's message id is what `next_id` says and a hash of the agent and the arguments. So work that is done
/// again after a crash is answered with the run that is there already, as long as the model asks for the
/// same; a model that asks for something else this time gets an answer to that.
/// @param calls must outlive the chat.
chat_tool make_chat_tool(sub_calls& calls, agent_tool what);

/// What a model is told of a run's end.
tool_result tool_result_of(const run_result& got);

} // namespace weir
