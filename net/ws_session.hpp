#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/client_socket.hpp"
#include "net/socket_context.hpp"

#include <functional>
#include <memory>
#include <string>

namespace weir {

/// Makes the connection of a socket that has become a WebSocket. It says `hello_done` when the handshake
/// counts as over. Gives no listener once the gateway has stopped.
using websocket_open =
    std::function<opened_connection(std::shared_ptr<transport> socket, std::function<void()> hello_done)>;

/// Serves a socket as a WebSocket, whose opening handshake has been checked.
/// @param answer to the handshake, which goes out first.
/// @param early what the client has sent after its request.
/// @param counted among the node's sockets, until it is closed. May be null.
/// @param place counts as a handshake until the connection has said that its hello is done.
void serve_websocket(std::shared_ptr<socket_context> context, client_socket socket, std::string answer,
                     std::string early, std::unique_ptr<handshake_place> place,
                     std::unique_ptr<counted_socket> counted, const websocket_open& open);

} // namespace weir
