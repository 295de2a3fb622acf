#pragma once

#include "net/http/http_message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace weir {

/// Parses one HTTP/1.1 request (RFC 9112) from bytes as they are received. Plain: knows no socket. What the
/// message means is checked by request_rules.hpp.
///
/// Bounds: a head of `max_head_bytes`, a body as `begin_body` says, and between chunks a line of
/// `max_line_bytes`.
class request_parser {
public:
  static constexpr std::size_t max_head_bytes = 16 * 1024; ///< Request line and fields.
  static constexpr std::size_t max_line_bytes = 16 * 1024; ///< A chunk's size line; the trailer fields.

  enum class phase : std::uint8_t {
    head,     ///< More of the head has to come.
    decide,   ///< The head is there: `begin_body` goes on.
    body,     ///< More of the body has to come.
    complete, ///< The request is there.
    failed,   ///< It is malformed or too large: `error` is the answer, and the connection is of no use.
  };

  request_parser();
  ~request_parser();

  /// Takes bytes, at most to the end of the head or of the request.
  /// @returns how many it is done with: the others have to be given again, with what comes after them.
  std::size_t take(std::string_view bytes);

  /// Takes the body, of at most `max_bytes`. Only in `decide`.
  void begin_body(std::uint64_t max_bytes);

  phase current() const noexcept;
  http_request& request() noexcept;

  /// What the body's size was said to be; nothing with chunks.
  std::optional<std::uint64_t> content_length() const;

  /// The answer to a request that failed.
  const http_reply& error() const noexcept;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
