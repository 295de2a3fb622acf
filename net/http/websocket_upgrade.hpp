#pragma once

#include "net/http/http_message.hpp"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

/// What a client is told that may go on as a WebSocket.
struct websocket_handshake {
  std::string accept;      ///< `Sec-WebSocket-Accept`.
  std::string subprotocol; ///< Empty: none was asked for.
};

/// Checks an opening handshake (RFC 6455, 4.2). Plain.
/// @param subprotocols of which one has to be offered; empty: none is looked at.
std::variant<websocket_handshake, http_reply> check_upgrade(const http_request& request,
                                                            const std::vector<std::string>& subprotocols);

/// `Sec-WebSocket-Accept` for a key (RFC 6455, 4.2.2).
std::string websocket_accept(std::string_view key);

} // namespace weir
