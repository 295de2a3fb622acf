#pragma once

#include "actors/core/refusal.hpp"
#include "actors/models/messages.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

namespace weir {

/// One `chat.completion.chunk` of a stream, as far as it matters here.
struct openai_chunk {
  std::string malformed; ///< Why it is none; empty: it is one.
  std::string text;
  bool finished = false; ///< It has a `finish_reason`.
  std::optional<token_usage> usage;
  bool is_error = false; ///< The server sent an error object instead.
  std::string error;
  bool error_retryable = false;
};

openai_chunk parse_openai_chunk(const std::string& json);

/// The body of the request for a streamed answer.
std::string openai_request_body(const std::string& model, const std::vector<chat_message>& messages);

/// Where a model server is.
struct openai_endpoint {
  std::string host; ///< A name, or an address without brackets.
  std::string port;
  std::string target;      ///< The path of chat completions.
  std::string host_header; ///< As in the URL.
};

/// Takes `http://host[:port][/path]` apart, or says what is wrong with it.
std::variant<openai_endpoint, refusal> parse_openai_url(const std::string& url);

} // namespace weir
