#pragma once

// Includes Asio: only for the .cpp files of this folder.

#include "net/client/connect_race.hpp"
#include "net/client/tls_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weir {

/// A connection to a model server: TCP, or TLS over it. Beast takes it for a stream.
class upstream {
public:
  using tcp = boost::asio::ip::tcp;
  using executor_type = tcp::socket::executor_type;
  using error_code = boost::system::error_code;

  /// Why it could not be made; an empty text: it was.
  struct failure {
    std::string what;
    bool retryable = true;
  };

  /// @param tls what TLS connections share; null: plain TCP. Must outlive this.
  upstream(boost::asio::io_context& context, tls_client* tls);

  upstream(const upstream&) = delete;
  upstream& operator=(const upstream&) = delete;

  /// Connects to the first of these that takes it, see `connect_race`, and shakes hands. `then` is called
  /// once; not any more after a `close` while it connects. Whoever is in there must keep this alive.
  void connect(std::vector<tcp::endpoint> endpoints, std::function<void(failure)> then);

  /// At once: without TLS's farewell, which a server that hangs would keep waiting for.
  void close();

  /// Open, and nothing to read: neither its end nor what nobody asked for.
  bool is_quiet();

  executor_type get_executor() { return socket_.get_executor(); }

  template <class Buffers, class Handler>
  void async_read_some(const Buffers& buffers, Handler&& handler) {
    if (stream_)
      stream_->async_read_some(buffers, std::forward<Handler>(handler));
    else
      socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }

  template <class Buffers, class Handler>
  void async_write_some(const Buffers& buffers, Handler&& handler) {
    if (stream_)
      stream_->async_write_some(buffers, std::forward<Handler>(handler));
    else
      socket_.async_write_some(buffers, std::forward<Handler>(handler));
  }

private:
  void shake_hands(std::function<void(failure)> then);

  boost::asio::io_context& context_;
  tls_client* tls_;
  tcp::socket socket_;
  std::optional<boost::asio::ssl::stream<tcp::socket&>> stream_;
  std::weak_ptr<connect_race> race_; // while it connects
};

} // namespace weir
