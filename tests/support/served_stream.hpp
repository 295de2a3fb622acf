#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <optional>

namespace weir::test {

/// The server's end of a connection, TCP or TLS over it, for blocking use.
class served_stream {
public:
  using tcp = boost::asio::ip::tcp;
  using error_code = boost::system::error_code;

  explicit served_stream(boost::asio::io_context& context) : socket_(context) {}

  tcp::socket& socket() noexcept { return socket_; }

  void shake_hands(boost::asio::ssl::context& tls, error_code& error) {
    tls_.emplace(socket_, tls);
    tls_->handshake(boost::asio::ssl::stream_base::server, error);
  }

  bool resumed() { return tls_ && SSL_session_reused(tls_->native_handle()) == 1; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->read_some(buffers, error) : socket_.read_some(buffers, error);
  }

  /// Beast wants this one too.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    error_code error;
    auto n = read_some(buffers, error);
    if (error) throw boost::system::system_error{error};
    return n;
  }

  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, error_code& error) {
    return tls_ ? tls_->write_some(buffers, error) : socket_.write_some(buffers, error);
  }

private:
  tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<tcp::socket&>> tls_;
};

} // namespace weir::test
