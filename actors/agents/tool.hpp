#pragma once

// The functions that an agent offers to its model. See `task::ask`.

#include "actors/messages/chat.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Answers one call of a tool, now or later. Copies are cheap and stand for the same thing: the first answer
/// counts, and when the last copy is gone without one the call has failed. May only be used on the agent's
/// own thread.
class tool_reply {
public:
  /// The result, as the model is to read it: a text as it is, else JSON.
  void ok(const nlohmann::json& result);

  /// Why there is none. The model is told, and may go on from there.
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

  /// A JSON schema of the arguments, which are an object. Arguments that do not keep it (`type`, `enum`,
  /// `required`, `properties`, `additionalProperties`, `items`) never reach `run`: the model is told what is
  /// wrong with them.
  nlohmann::json parameters = {{"type", "object"}};

  /// Runs on the agent's own thread and must not block. What it throws is the call's error, which the model
  /// sees: it does not crash the agent.
  std::function<void(const nlohmann::json& arguments, tool_reply reply)> run = {};

  /// Instead of `run`: the agent or workflow that gets the arguments as the input of a call. Its output is
  /// the result, the `text` alone where it is `{"text": …}`.
  std::string agent = {};

  std::int64_t timeout_ms = 10'000; ///< Of one call, above 0; then it has failed.
};

/// A chat with a model that may call tools.
struct chat_question {
  std::string model = "default"; ///< A configured model's name.
  std::vector<chat_message> messages = {};
  std::vector<tool> tools = {};
  std::int64_t timeout_ms = 0;   ///< Of the whole chat, tools included; 0: the model's own.
  std::uint32_t tool_rounds = 8; ///< 1 to 32: how often the model may call some before it has to answer.
  model_options options = {};    ///< What is not set is as the model is configured.
};

} // namespace weir
