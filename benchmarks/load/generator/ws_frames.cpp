#include "benchmarks/load/generator/ws_frames.hpp"

namespace weir::bench {

namespace {

constexpr std::uint64_t longest_payload = 64 * 1024 * 1024;

} // namespace

frame_state parse_frame(std::string_view bytes, ws_frame& out, std::size_t& size) {
  auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
  if (bytes.size() < 2) return frame_state::incomplete;
  if ((byte(0) & 0x70) != 0 || (byte(1) & 0x80) != 0) return frame_state::broken;
  std::size_t header = byte(1) == 127 ? 10 : byte(1) == 126 ? 4 : 2;
  if (bytes.size() < header) return frame_state::incomplete;
  auto length = header == 2 ? byte(1) : 0;
  for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
  if (length > longest_payload) return frame_state::broken;
  size = header + length;
  if (bytes.size() < size) return frame_state::incomplete;
  out = {static_cast<ws_op>(byte(0) & 0x0f), (byte(0) & 0x80) != 0, bytes.substr(header, length)};
  return frame_state::whole;
}

void append_frame(std::string& out, ws_op op, std::string_view payload) {
  auto size = payload.size();
  out += static_cast<char>(0x80 | static_cast<int>(op));
  auto append_length = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  };
  if (size < 126) {
    out += static_cast<char>(0x80 | size);
  } else if (size < 65536) {
    out += static_cast<char>(0x80 | 126);
    append_length(2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_length(8);
  }
  out.append(4, '\0');
  out += payload;
}

} // namespace weir::bench
