#pragma once

#include "actors/event/event.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Close codes of the WebSocket protocol (RFC 6455, 7.4) and of ours, with what the client should do.
enum class close_code : std::uint16_t {
  normal = 1000,
  going_away = 1001,  ///< The node stops: connect again, anywhere.
  unsupported = 1003, ///< A binary frame: do not send these.
  bad_payload = 1007, ///< Invalid UTF-8: mend it.
  policy = 1008,      ///< No hello in time, or too many bad frames: mend it.
  too_big = 1009,     ///< A frame over the limit: send smaller ones.
  internal = 1011,    ///< A defect of the node: connect again, later.
  try_again = 1013,   ///< No room for the connection: connect again, later.
  taken_over = 4409,  ///< The session is attached elsewhere: do nothing.
};

/// What a connection needs of its socket. Same thread; may be faked in a test.
class transport {
public:
  virtual ~transport() = default;

  /// Writes complete WebSocket frames in one gathered write.
  /// @param frames left empty.
  /// @returns whether the kernel has them all. Else `transport_listener::on_writable` says so later, and
  /// nothing may be written before.
  virtual bool write(std::vector<frame_ptr>& frames) = 0;

  /// Sends a WebSocket ping; its answer comes as `on_pong`.
  virtual void ping() = 0;

  /// Stops or goes on reading the socket. TCP then pushes back on the client.
  virtual void set_reading(bool on) = 0;

  /// Closes with a close frame after what is being written. `on_closed` follows, later.
  virtual void close(close_code code, std::string reason) = 0;
};

/// What a socket tells its connection. Never from inside a call to `transport`.
class transport_listener {
public:
  virtual ~transport_listener() = default;

  /// A whole text frame, valid UTF-8, within the size limit.
  virtual void on_text(std::string_view text) = 0;

  /// What was given to a `write` that could not be done at once has been handed to the kernel.
  virtual void on_writable() = 0;

  /// A frame that carries no message came: a ping, which the transport answers, or a part of a message.
  virtual void on_overhead() = 0;

  virtual void on_pong() = 0;

  /// The peer sends nothing more: it has closed, or broken the protocol. What was taken of it is to be
  /// answered, then `close` ends it; the code that is told is the transport's then.
  virtual void on_peer_close() = 0;

  /// The socket is gone, for whatever reason; nothing comes after this. `code` as the peer or we said it,
  /// 1006 when nobody said anything.
  virtual void on_closed(std::uint16_t code, const std::string& reason) = 0;
};

} // namespace weir
