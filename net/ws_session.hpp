#pragma once

// Includes Asio and Beast: only for the .cpp files of this folder.

#include "net/socket_context.hpp"
#include "net/tcp_socket.hpp"

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>

#include <memory>
#include <string>

namespace weir {

/// The subprotocol that clients have to offer.
inline constexpr const char* subprotocol = "weir.v1";

/// Completes the upgrade of a socket and serves it as the transport of a new connection.
/// @param early what the client has sent after its request.
/// @param place counts as a handshake until the connection has said that its hello is done.
void serve_websocket(std::shared_ptr<socket_context> context, tcp_socket socket,
                     boost::beast::http::request<boost::beast::http::string_body> request, std::string early,
                     std::unique_ptr<handshake_place> place);

} // namespace weir
