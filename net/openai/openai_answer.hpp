#pragma once

#include "actors/core/refusal.hpp"
#include "actors/messages/models.hpp"
#include "net/openai/json_halves.hpp"
#include "net/openai/openai_tool_calls.hpp"
#include "net/openai/retry_after.hpp"
#include "net/openai/sse_parser.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

struct openai_chunk;

/// Reads the answer of an OpenAI-compatible server to a streamed chat completion: the HTTP status, then a
/// stream of chunks, a whole completion in one JSON object from a server that does not stream, or the body of
/// an error. Says what has been written and how it ended, in the terms of a model call. Plain: bytes come
/// from outside.
///
/// A sign of life is what belongs to the answer: text, or a piece of a tool call. Comments, roles and
/// thoughts are none, so a server that sends nothing else has stalled.
class openai_answer {
public:
  struct failure {
    refusal error; ///< Names what was wrong; its `detail` is a bounded excerpt of what the server said.
    bool retryable = false;
  };

  struct limits {
    std::size_t text_bytes = 1024 * 1024;   ///< Of the whole answer; above it the answer fails.
    std::size_t refusal_bytes = 16 * 1024;  ///< Of the model's refusal; what is above is left out.
    std::size_t excerpt_bytes = 200;        ///< Of what the server said in an error's message.
    std::size_t object_bytes = 1024 * 1024; ///< Of an answer that is not streamed; above it the answer fails.
    sse_parser::limits sse;
  };

  /// What matters here of a response's header.
  struct header {
    unsigned status = 0;
    std::string content_type;
    std::string location; ///< Of a redirect.
    retry_headers retry = {};
    std::string content_encoding = {};
  };

  /// Whether the answer is over, as far as it can be told before the stream's end.
  enum class end_sign {
    none,
    likely, ///< A `finish_reason` with the last text: more may follow.
    sure,   ///< A `finish_reason` of its own: only the usage and `[DONE]` may follow.
  };

  /// @param secrets never shown in a message, although the server may repeat them.
  /// @param call_ids what the ids of tool calls begin with that the server gave none.
  explicit openai_answer(std::vector<std::string> secrets, std::string call_ids = "call_")
    : openai_answer(std::move(secrets), std::move(call_ids), limits{}) {}
  openai_answer(std::vector<std::string> secrets, std::string call_ids, limits bounds);

  void on_header(header what);
  void on_body(std::string_view bytes);

  /// The response is whole.
  void on_end();

  /// There will be no more: the connection failed, or what it carried was no HTTP. `retryable` tells these
  /// apart.
  void on_broken(const std::string& what, bool retryable);

  /// Nothing has come for a while since the answer's `end_sign`: it counts as whole, if there was one.
  void on_silence();

  /// The text that has come since the last time. An empty one is a sign of life without text.
  std::vector<std::string> take_pieces() { return std::exchange(pieces_, {}); }
  bool has_pieces() const noexcept { return !pieces_.empty(); }

  /// Valid once it has ended well.
  answer_end take_end();

  /// Whether it has ended, well or not. What comes after is ignored.
  bool over() const noexcept { return done_ || failure_.has_value(); }
  const std::optional<failure>& failed() const noexcept { return failure_; }
  end_sign sign() const noexcept { return sign_; }

private:
  enum class body_kind { unknown, stream, object, error };

  void begin_body(std::string_view& bytes);
  void on_stream(std::string_view bytes, bool is_last);
  void on_event(const sse_event& event);
  void on_chunk(const std::string& data, bool is_error);
  void note_finish(const openai_chunk& chunk);
  void add_text(const openai_chunk& chunk);
  void on_http_error();
  void not_a_stream();
  void end_well();
  void check(sse_parser::status status);
  void fail(const std::string& what, bool retryable, code status = code::unavailable,
            std::int64_t retry_after_ms = 0);
  void fail_saying(const std::string& what, const std::string& said, bool retryable,
                   code status = code::unavailable, std::int64_t retry_after_ms = 0);
  std::string excerpt(std::string text) const;

  std::vector<std::string> secrets_;
  limits limits_;
  sse_parser parser_;
  header header_;
  body_kind kind_ = body_kind::unknown;
  std::string body_; // of an error, what is kept of it; of an object, all
  std::vector<std::string> pieces_;
  half_joiner halves_;
  std::size_t text_bytes_ = 0;
  bool has_chunk_ = false;
  openai_tool_calls tool_calls_;
  token_usage usage_;
  finish_reason finish_ = finish_reason::none; // the last that was said
  end_sign sign_ = end_sign::none;
  bool goes_on_after_finish_ = false; // its finish_reason is no end: only the stream's end is
  bool trailer_ = false;
  std::string refusal_;
  half_joiner refusal_halves_;
  bool done_ = false;
  std::optional<failure> failure_;
};

} // namespace weir
