#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace weir {

/// A client's socket. Unlike `tcp::socket` it knows the type of its executor: to hide it costs an allocation
/// and several calls for each step of each frame.
using tcp_socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

} // namespace weir
