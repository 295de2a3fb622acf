#pragma once

#include "net/openai/openai_tool_calls.hpp"

#include <optional>
#include <string>
#include <vector>

namespace weir {

/// One `chat.completion.chunk` of a stream, as far as it matters here.
struct openai_chunk {
  std::string malformed; ///< Why it is none; empty: it is one.
  std::string text;
  std::vector<tool_call_piece> tool_calls;
  bool finished = false; ///< It has a `finish_reason`.
  std::optional<token_usage> usage;
  bool is_error = false; ///< The server sent an error object instead.
  std::string error;
  bool error_retryable = false;
};

/// Reads the text and the tool calls of the first choice. Other members, `reasoning_content` among them, are
/// skipped: thoughts are no part of an answer. Errors are known in the shapes of OpenAI, vLLM, llama.cpp and
/// Ollama.
openai_chunk parse_openai_chunk(const std::string& json);

} // namespace weir
