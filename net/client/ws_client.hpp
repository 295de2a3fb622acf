#pragma once

#include <nlohmann/json_fwd.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weir {

/// What a client could not do, in words for the person at the terminal.
class ws_error : public std::runtime_error {
public:
  explicit ws_error(const std::string& what, int http_status = 0, std::string retry_after = {})
    : std::runtime_error(what), http_status_(http_status), retry_after_(std::move(retry_after)) {}

  /// The status of a refused upgrade; 0 when it did not come to an HTTP answer.
  int http_status() const { return http_status_; }

  /// The `Retry-After` of a refused upgrade, as sent (seconds); empty when there was none.
  const std::string& retry_after() const { return retry_after_; }

private:
  int http_status_;
  std::string retry_after_;
};

/// A URL that cannot name a node: wrong use, before anything was tried.
class bad_url : public ws_error {
public:
  using ws_error::ws_error;
};

/// Nobody listens where a node should be. A moment later somebody may.
class connection_refused : public ws_error {
public:
  using ws_error::ws_error;
};

/// A blocking WebSocket client of one connection, for command lines and tests. For one thread.
///
/// It has no thread of its own: it reads, and answers pings, only inside `send…`, `ping`, `receive` and
/// `close`. What comes while it sends is kept for `receive`, so that many frames can be sent before the first
/// answer is taken. Once `receive_buffer_bytes` are kept it stops reading, and TCP pushes back on the server.
class ws_client {
public:
  using milliseconds = std::chrono::milliseconds;

  static constexpr std::size_t default_receive_buffer_bytes = 64 * 1024 * 1024;

  static constexpr milliseconds default_send_timeout{10'000};

  explicit ws_client(std::size_t receive_buffer_bytes = default_receive_buffer_bytes);
  ws_client(ws_client&&) noexcept;
  ws_client& operator=(ws_client&&) noexcept;

  /// Closes politely, which may take up to half a second when the server does not answer.
  ~ws_client();

  /// Connects to `http://host:port` or `ws://host:port`, path `/v1/ws` unless the URL names one, subprotocol
  /// `weir.v1`. An earlier connection is dropped. Throws `bad_url` or `ws_error`.
  void connect(std::string_view url, milliseconds timeout = milliseconds{5'000});

  /// Sends one text frame, and returns when the kernel has it. Throws `ws_error` when the connection is
  /// closed, or (and then drops it) when the server has not read for the send timeout.
  void send(std::string_view text);

  /// Longest that a frame may wait for a server that does not read.
  void set_send_timeout(milliseconds timeout) { send_timeout_ = timeout; }

  /// As `send`, for a binary frame: the protocol has none, so servers are tested with it.
  void send_binary(std::string_view bytes);

  /// Sends a WebSocket ping of at most 125 bytes. The answer counts in `pongs`.
  void ping(std::string_view payload = {});

  /// The next frame, in order. Nothing when none came in time, or (at once) when the connection is closed and
  /// all that had come was taken: `is_open` tells which.
  std::optional<std::string> receive(milliseconds timeout);

  /// Says hello and returns the first frame that answers: op `welcome` or `error`. @param token empty: none.
  /// Throws `ws_error` when the server closes or says nothing in time.
  nlohmann::json hello(std::string_view ns, std::string_view client_id,
                       milliseconds timeout = milliseconds{5'000}, std::string_view token = {});

  /// Says that it closes, waits at most half a second for the answer, and drops the connection.
  void close(std::uint16_t code = 1000);

  /// Drops the connection without a close frame.
  void abort();

  bool is_open() const;

  /// Why the connection is closed: as the server (or `close`) said it, 1006 when nobody said anything, 0
  /// while open.
  std::uint16_t close_code() const;
  const std::string& close_reason() const;

  /// Frames kept for `receive`, and answered pings so far.
  std::size_t buffered() const;
  std::size_t pongs() const;

private:
  class connection;

  std::size_t receive_buffer_bytes_;
  milliseconds send_timeout_ = default_send_timeout;
  std::unique_ptr<connection> connection_;
};

} // namespace weir
