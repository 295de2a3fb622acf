#pragma once

#include "actors/core/refusal.hpp"
#include "actors/messages/models.hpp"
#include "net/openai/openai_tool_calls.hpp"
#include "net/openai/retry_after.hpp"
#include "net/openai/sse_parser.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

/// Reads the answer of an OpenAI-compatible server to a streamed chat completion: the HTTP status, then a
/// stream of chunks, or the body of an error. Says what has been written and how it ended, in the terms of a
/// model call. Plain: bytes come from outside.
///
/// A sign of life is what belongs to the answer: text, or a piece of a tool call. Comments, roles and
/// thoughts are none, so a server that sends nothing else has stalled.
class openai_answer {
public:
  struct failure {
    refusal error; ///< Names what was wrong, with a bounded excerpt of what the server said.
    bool retryable = false;
  };

  struct limits {
    std::size_t text_bytes = 1024 * 1024; ///< Of the whole answer; above it the answer fails.
    std::size_t excerpt_bytes = 200;      ///< Of what the server said in an error's message.
    sse_parser::limits sse;
  };

  /// What matters here of a response's header.
  struct header {
    unsigned status = 0;
    std::string content_type;
    std::string location; ///< Of a redirect.
    retry_headers retry = {};
  };

  /// @param secret never shown in a message, although the server may repeat it.
  /// @param call_ids what the ids of tool calls begin with that the server gave none.
  explicit openai_answer(std::string secret, std::string call_ids = "call_")
    : openai_answer(std::move(secret), std::move(call_ids), limits{}) {}
  openai_answer(std::string secret, std::string call_ids, limits bounds);

  void on_header(header what);
  void on_body(std::string_view bytes);

  /// The response is whole.
  void on_end();

  /// There will be no more: the connection failed, or what it carried was no HTTP. `retryable` tells these
  /// apart.
  void on_broken(const std::string& what, bool retryable);

  /// The text that has come since the last time. An empty one is a sign of life without text.
  std::vector<std::string> take_pieces() { return std::exchange(pieces_, {}); }

  /// Valid once it has ended well.
  std::vector<tool_call> take_tool_calls() { return tool_calls_.take(); }

  /// Whether it has ended, well or not. What comes after is ignored.
  bool over() const noexcept { return done_ || failure_.has_value(); }
  const std::optional<failure>& failed() const noexcept { return failure_; }
  token_usage usage() const noexcept { return usage_; }

private:
  void on_event(const std::string& data);
  void on_chunk(const std::string& data);
  void on_http_error();
  void end_well();
  void check(sse_parser::status status);
  void fail(const std::string& what, bool retryable, code status = code::unavailable,
            std::int64_t retry_after_ms = 0);
  std::string excerpt(std::string text) const;

  std::string secret_;
  limits limits_;
  sse_parser parser_;
  header header_;
  std::string error_body_; // what is kept of it
  std::vector<std::string> pieces_;
  std::size_t text_bytes_ = 0;
  openai_tool_calls tool_calls_;
  token_usage usage_;
  bool finish_reason_ = false;
  bool done_ = false;
  std::optional<failure> failure_;
};

} // namespace weir
