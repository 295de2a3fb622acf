#pragma once

// The functions that an agent offers to a model. See `task::ask`.

#include "weir/chat.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Answers one call of a tool, now or later. Copies stand for the same call: the first answer counts, and
/// when the last copy is gone without one the call has failed. Only on the agent's own thread.
class tool_reply {
public:
  /// Gives the result to the model: a string as it is, anything else as JSON text.
  void ok(const nlohmann::json& result);

  /// Tells the model why there is no result; it may go on from there.
  void fail(const std::string& message);

private:
  friend class agent_host;
  struct state;
  explicit tool_reply(std::shared_ptr<state> x) : state_(std::move(x)) {}

  std::shared_ptr<state> state_;
};

/// A function that a model may call: a callable of the agent's, or another agent.
///
///   tool clock{"clock", "Tells the time.", {{"type", "object"}}};
///   clock.run = [](const nlohmann::json&, tool_reply reply) { reply.ok("noon"); };
///
///   tool lookup{"lookup", "Finds a customer.", schema};
///   lookup.agent = "finder";
struct tool {
  std::string name;        ///< 1 to 64 of `[A-Za-z0-9_-]`.
  std::string description; ///< For the model.

  /// A JSON schema of the arguments, which are an object. Arguments that do not match it (`type`, `enum`,
  /// `required`, `properties`, `additionalProperties`, `items`) never reach `run`; the model is told why.
  nlohmann::json parameters = {{"type", "object"}};

  /// Runs on the agent's own thread and must not block. What it throws is told to the model as the call's
  /// error.
  std::function<void(const nlohmann::json& arguments, tool_reply reply)> run = {};

  /// Instead of `run`: the agent or workflow that is called with the arguments. Its output is the result; of
  /// an output `{"text": …}` only the text.
  std::string agent = {};

  std::int64_t timeout_ms = 10'000; ///< Of one call, 1 or more; after that it has failed.
};

/// A chat with a model that may call tools.
struct chat_question {
  std::string model = "default"; ///< A configured model's name.
  std::vector<chat_message> messages = {};
  std::vector<tool> tools = {};
  std::int64_t timeout_ms = 0;   ///< Of the whole chat, tools included; 0: the model's own.
  std::uint32_t tool_rounds = 8; ///< 1 to 32: how often the model may call tools before it must answer.
  model_options options = {};    ///< What is not set is as the model is configured.
};

} // namespace weir
