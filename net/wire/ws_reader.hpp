#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace weir {

/// Reads what a WebSocket client sends (RFC 6455, 5): takes bytes as they were received, gives one message
/// after the other. Plain.
///
/// Between frames it holds no memory of its own. What is kept of a frame that is incomplete, and of one that
/// comes in fragments, is bounded by `max_bytes` and the frame's header; what was received and not yet asked
/// for by that of one `begin`.
class ws_reader {
public:
  enum class kind : std::uint8_t {
    none,   ///< More has to be received.
    text,   ///< A whole message: valid UTF-8.
    part,   ///< A frame of a message of which more has to come: nothing of it is given yet.
    ping,   ///< To be answered with a pong of the same payload.
    pong,   ///< The answer to a ping.
    close,  ///< `code` and `payload` say why; 1005 when the peer said nothing.
    failed, ///< The peer breaks the protocol: to be closed with `code` and `payload`. Nothing comes after it.
  };

  struct item {
    kind what = kind::none;
    std::string_view payload; ///< Good until the next call.
    std::uint16_t code = 0;
  };

  /// @param max_bytes of a message.
  explicit ws_reader(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// What was received. It is unmasked where it is, and has to stay there until `end`.
  void begin(std::span<char> received);

  /// The next message of what was received.
  item next();

  /// Keeps what has not been asked for: a `begin`, which may be empty, goes on with it.
  void end();

  /// What it holds of frames that are incomplete.
  std::size_t held_bytes() const noexcept { return rest_.size() + message_.size(); }

private:
  struct header {
    std::uint8_t opcode = 0;
    bool fin = false;
    std::size_t size = 0; // of the header
    std::uint64_t payload = 0;
    char mask[4] = {};
  };

  /// Reads a frame's header; gives false while it is incomplete.
  bool read_header(header& out) const;
  std::string_view problem_of(const header& x) const;
  static bool has_shortest_length(const header& x);
  item on_data(const header& frame, std::string_view payload);
  item on_control(const header& frame, std::string_view payload);
  item fail(std::uint16_t code, std::string_view why);

  std::size_t max_bytes_;
  std::span<char> in_; // what is left to read; in `rest_` or where the caller has it
  std::string rest_;
  std::string message_;    // of the fragments so far
  bool fragments_ = false; // a message has begun
  bool given_ = false;     // `message_` was given out
  bool failed_ = false;
};

} // namespace weir
