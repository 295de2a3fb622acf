#pragma once

// What is said to a model: plain values.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// A model's request to have a function called.
struct tool_call {
  std::string id; ///< The model's own; the result goes back under it.
  std::string name;
  std::string arguments; ///< JSON text, as the model wrote it: it may be malformed.
};

/// One message of a chat, in the words of the OpenAI API.
struct chat_message {
  std::string role;                       ///< `system`, `user`, `assistant` or `tool`.
  std::string content;                    ///< Text, UTF-8.
  std::vector<tool_call> tool_calls = {}; ///< Of an `assistant` that called some.
  std::string tool_call_id = {};          ///< Of a `tool`: the call that `content` is the result of.
};

/// How a model is to answer. What is not set is left to the model's configuration, and then to its server.
struct model_options {
  std::optional<double> temperature = {};      ///< 0 to 2.
  std::optional<double> top_p = {};            ///< 0 to 1.
  std::optional<std::int64_t> max_tokens = {}; ///< Of the answer; 1 or more.
  std::optional<std::int64_t> seed = {};
  std::vector<std::string> stop = {}; ///< Texts that end the answer; at most 4.
  std::string response_format = {};   ///< JSON text: an object, as OpenAI's API takes it. Empty: not set.
};

} // namespace weir
