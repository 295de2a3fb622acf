#pragma once

#include "actors/messages/chat.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Another agent, or a workflow, that a prompt agent's model may call.
struct prompt_tool {
  std::string name;                                ///< 1 to 64 of `[A-Za-z0-9_-]`.
  std::string description;                         ///< For the model.
  std::string parameters = R"({"type":"object"})"; ///< JSON text: a JSON schema of the arguments.
  std::string agent;                               ///< Gets the arguments as its input.
  std::int64_t timeout_ms = 10'000;                ///< Of one call.
};

/// An agent that needs no code.
struct prompt_config {
  std::string model = "default"; ///< A configured model's name.
  std::vector<std::string> on;   ///< Patterns of the events that it answers.
  std::string emit;   ///< Subject of its answers; `{1}` is what the pattern's first wildcard matched.
  std::string system; ///< The system message.
  std::uint32_t memory_events =
      20;                         ///< Earlier events and answers of the same subject that it is reminded of.
  std::uint32_t concurrency = 64; ///< Events in hand at once.
  std::vector<prompt_tool> tools; ///< What its model may call.
  std::uint32_t tool_rounds = 8;  ///< How often it may call some before it has to answer.
  model_options request = {};     ///< What is not set is as the model is configured.
};

/// An agent that is a client: a program of any language that takes its calls over a WebSocket.
struct external_config {
  std::int64_t timeout_ms = 30'000; ///< Of a call without a time-out of its own.
  std::int64_t lease_ms = 10'000;   ///< For how long a worker that says nothing has a call; then another one.
};

/// One configured agent: a prompt agent, an external one, or one of a registered C++ type.
struct agent_config {
  std::string name;
  std::string kind = "prompt"; ///< `prompt`, `external`, `echo`, or the name of a registered type.
  prompt_config prompt;        ///< For `prompt`.
  external_config external{};  ///< For `external`.
  std::string settings = "{}"; ///< For a registered type: a JSON object of its own, as text.

  bool is_external() const { return kind == "external"; }
};

/// What a namespace runs.
struct namespace_config {
  std::vector<std::string> agents;
};

} // namespace weir
