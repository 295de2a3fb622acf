#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::bench {

/// Opcodes of RFC 6455, 5.2.
enum class ws_op : std::uint8_t { more = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct ws_frame {
  ws_op op = ws_op::text;
  bool last = true; ///< Of its message.
  std::string_view payload;
};

enum class frame_state { whole, incomplete, broken };

/// Looks at the first frame of a server's bytes. Masked frames, and what a header forbids, are `broken`.
/// @param size is set to the bytes that the frame takes, once its header is there in full.
frame_state parse_frame(std::string_view bytes, ws_frame& out, std::size_t& size);

/// Adds a client's frame. Its masking key is zero, which leaves the payload as it is and costs the server the
/// same.
void append_frame(std::string& out, ws_op op, std::string_view payload);

/// Calls `take` for each whole frame in `carry` and then `arrived`. The rest, if any, becomes `carry`, which
/// holds no memory otherwise. Stops where `take` says false. Gives false where the bytes are no frames.
template <class Take>
bool take_frames(std::string& carry, std::string_view arrived, Take&& take) {
  std::string joined;
  if (!carry.empty()) {
    joined.swap(carry);
    joined.append(arrived);
    arrived = joined;
  }
  ws_frame frame;
  std::size_t size = 0;
  auto state = frame_state::incomplete;
  while (!arrived.empty() && (state = parse_frame(arrived, frame, size)) == frame_state::whole) {
    arrived.remove_prefix(size);
    if (!take(frame)) return true;
  }
  if (!arrived.empty() && state == frame_state::incomplete) carry.assign(arrived);
  return state != frame_state::broken;
}

} // namespace weir::bench
