#pragma once

// What is said to a model: plain values, also for authors of agents.

#include <cstdint>
#include <optional>
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

/// How a model is to answer. What is not set is left to the model's configuration, and then to its server.
struct model_options {
  std::optional<double> temperature = {};      ///< 0 to 2.
  std::optional<double> top_p = {};            ///< 0 to 1.
  std::optional<std::int64_t> max_tokens = {}; ///< Of the answer; above 0.
  std::optional<std::int64_t> seed = {};
  std::vector<std::string> stop = {}; ///< Texts that end the answer; at most 4.
  std::string response_format = {};   ///< JSON text: an object, as OpenAI's API takes it.
};

/// What `x` sets, and for the rest what `usual` sets.
inline model_options options_over(model_options x, const model_options& usual) {
  if (!x.temperature) x.temperature = usual.temperature;
  if (!x.top_p) x.top_p = usual.top_p;
  if (!x.max_tokens) x.max_tokens = usual.max_tokens;
  if (!x.seed) x.seed = usual.seed;
  if (x.stop.empty()) x.stop = usual.stop;
  if (x.response_format.empty()) x.response_format = usual.response_format;
  return x;
}

template <class Inspector>
bool inspect(Inspector& f, model_options& x) {
  return f.object(x).fields(f.field("temperature", x.temperature), f.field("top_p", x.top_p),
                            f.field("max_tokens", x.max_tokens), f.field("seed", x.seed),
                            f.field("stop", x.stop), f.field("response_format", x.response_format));
}

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
