#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/tcp_socket.hpp"
#include "net/tls/tls_server.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include <memory>
#include <span>
#include <utility>

struct ssl_st;

namespace weir {

/// A client's socket, with TLS or without. It does not block: what would have to wait fails with
/// `would_block`, and its user waits for it to be readable or writable. The handshake of TLS is done by the
/// first reads.
class client_socket {
public:
  using wait_type = tcp_socket::wait_type;

  /// Of a port without TLS.
  explicit client_socket(tcp_socket socket) : socket_(std::move(socket)) {}

  /// @param context of the port; null: no TLS.
  client_socket(tcp_socket socket, const tls_context& context);

  auto get_executor() { return socket_.get_executor(); }
  tcp_socket& tcp() noexcept { return socket_; }
  bool is_tls() const noexcept { return tls_ != nullptr; }

  void non_blocking(bool on, boost::system::error_code& error) { socket_.non_blocking(on, error); }

  /// Calls `done(error)` once there may be something to read, or room to write.
  template <class Handler>
  void async_wait(wait_type kind, Handler done) {
    if (tls_ != nullptr) {
      if (kind == tcp_socket::wait_read && has_pending()) {
        boost::asio::post(socket_.get_executor(),
                          [done = std::move(done)]() mutable { done(boost::system::error_code{}); });
        return;
      }
      kind = what_to_wait_for(kind);
    }
    socket_.async_wait(kind, std::move(done));
  }

  /// @returns the bytes that were read: as much as there is and fits.
  std::size_t read_some(boost::asio::mutable_buffer to, boost::system::error_code& error) {
    return tls_ != nullptr ? read_tls(to, error) : socket_.read_some(boost::asio::buffer(to), error);
  }

  /// @returns the bytes that were taken. Those that were not must come first when it is tried again.
  std::size_t write_some(std::span<const boost::asio::const_buffer> from, boost::system::error_code& error) {
    return tls_ != nullptr ? write_tls(from, error) : socket_.write_some(from, error);
  }
  std::size_t write_some(boost::asio::const_buffer from, boost::system::error_code& error) {
    return tls_ != nullptr ? write_tls({&from, 1}, error)
                           : socket_.write_some(boost::asio::buffer(from), error);
  }

  /// Nothing more is sent; the peer is told.
  void shutdown_send(boost::system::error_code& error);
  void close(boost::system::error_code& error) { socket_.close(error); }

private:
  struct free_tls {
    void operator()(ssl_st* tls) const noexcept;
  };

  bool has_pending() const noexcept;
  wait_type what_to_wait_for(wait_type kind) const noexcept;
  std::size_t read_tls(boost::asio::mutable_buffer to, boost::system::error_code& error);
  std::size_t write_tls(std::span<const boost::asio::const_buffer> from, boost::system::error_code& error);
  boost::system::error_code translate(int result, bool& wants_other, int other);

  tcp_socket socket_;
  std::unique_ptr<ssl_st, free_tls> tls_;
  bool read_wants_write_ = false; // to go on reading, TLS has to write first
  bool write_wants_read_ = false;
};

} // namespace weir
