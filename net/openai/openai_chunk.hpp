#pragma once

#include "net/openai/openai_tool_calls.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// One `chat.completion.chunk` of a stream, as far as it matters here.
struct openai_chunk {
  std::string malformed; ///< Why it is none; empty: it is one.
  std::string text;
  std::string refusal_text; ///< Why the model will not answer.
  std::vector<tool_call_piece> tool_calls;
  bool marked = false;  ///< Its texts hold halves of characters, see `mark_halves`.
  bool whole = false;   ///< It brings the whole answer at once (`message`), not a piece of it (`delta`).
  bool thinks = false;  ///< It brings thoughts.
  bool trailer = false; ///< It has a usage and an empty list of choices: what a stream ends with.
  std::optional<finish_reason> finish; ///< The answer is over.
  std::optional<token_usage> usage;
  bool is_error = false; ///< The server reported an error instead.
  std::string error;
  bool error_retryable = false;

  /// Whether it adds to what the model has to say.
  bool says_more() const noexcept { return !text.empty() || !refusal_text.empty() || !tool_calls.empty(); }
};

/// Reads the text, the refusal and the tool calls of the first choice. A member that is there and says
/// nothing
/// (`null`, `""`, `{}`) is the same as one that is missing, and so is an object without choices: a ping.
/// Other members, `reasoning_content` among them, are skipped: thoughts are no part of an answer. Errors are
/// known in the shapes of OpenAI, OpenRouter, LiteLLM, vLLM, SGLang, llama.cpp, Gemini and Ollama.
/// @param is_error the event was named `error`: what it holds is one, whatever its shape.
openai_chunk parse_openai_chunk(const std::string& json, bool is_error = false);

/// What a server's word for the end of an answer means; nothing: it says nothing (`""`, `"null"`) or reports
/// an error, for which see `is_error_word`.
std::optional<finish_reason> finish_reason_of(std::string_view word);

/// Whether a server says by this `finish_reason` that the answer was broken off.
bool is_error_word(std::string_view word);

} // namespace weir
