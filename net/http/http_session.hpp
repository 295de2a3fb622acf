#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/client_socket.hpp"
#include "net/socket_context.hpp"

#include <memory>

namespace weir {

/// Serves an accepted socket: HTTP requests, one after the other, until it closes or becomes a WebSocket.
/// When too many handshakes are in progress it is told 503 with a jittered `Retry-After`.
void serve_http(std::shared_ptr<socket_context> context, client_socket socket);

} // namespace weir
