#pragma once

#include "net/http/http_message.hpp"
#include "net/http/websocket_upgrade.hpp"

#include <ctime>
#include <string>
#include <string_view>

namespace weir {

/// How an answer goes out.
struct reply_framing {
  bool head_only = false; ///< The answer to HEAD: its fields are those of GET.
  bool streamed = false;  ///< Its end is not known: in chunks, or to the connection's end with HTTP/1.0.
  bool keep_alive = true; ///< False: the connection closes behind it.
  unsigned version = 11;  ///< The request's.
  std::string request_id; ///< Empty: none is said.
};

/// Status line and fields of an answer, with the empty line behind them (RFC 9112).
std::string write_head(const http_reply& reply, const reply_framing& framing, std::time_t now);

/// A chunk. @param piece not empty: that would be the last one.
std::string write_chunk(std::string_view piece);

inline constexpr std::string_view last_chunk = "0\r\n\r\n";

/// `101 Switching Protocols`.
std::string write_upgrade(const websocket_handshake& handshake, const std::string& request_id,
                          std::time_t now);

/// An HTTP date (RFC 9110, 5.6.7).
std::string http_date(std::time_t time);

} // namespace weir
