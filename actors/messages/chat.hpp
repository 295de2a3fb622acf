#pragma once

// What is said to a model: plain values, also for authors of agents.

#include <string>
#include <vector>

namespace weir {

/// A model's wish to have a function called.
struct tool_call {
  std::string id; ///< The model's; the result goes back under it.
  std::string name;
  std::string arguments; ///< JSON text, as the model wrote it: it may be malformed.
};

/// A function that a model may ask for.
struct tool_spec {
  std::string name;        ///< 1 to 64 of `[A-Za-z0-9_-]`.
  std::string description; ///< For the model.
  std::string parameters;  ///< JSON text: a JSON schema of the arguments, which are an object.
};

/// One message of a chat, in the words of the OpenAI API: role is `system`, `user`, `assistant` or `tool`.
struct chat_message {
  std::string role;
  std::string content;
  std::vector<tool_call> tool_calls = {}; ///< Of an `assistant` that asked for some.
  std::string tool_call_id = {};          ///< Of a `tool`: which call `content` is the result of.
};

template <class Inspector>
bool inspect(Inspector& f, tool_call& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("name", x.name), f.field("arguments", x.arguments));
}

template <class Inspector>
bool inspect(Inspector& f, tool_spec& x) {
  return f.object(x).fields(f.field("name", x.name), f.field("description", x.description),
                            f.field("parameters", x.parameters));
}

template <class Inspector>
bool inspect(Inspector& f, chat_message& x) {
  return f.object(x).fields(f.field("role", x.role), f.field("content", x.content),
                            f.field("tool_calls", x.tool_calls), f.field("tool_call_id", x.tool_call_id));
}

} // namespace weir
