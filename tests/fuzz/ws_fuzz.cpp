// libFuzzer target for what WebSocket clients send: whatever comes, and however it is cut, the reader gives
// the same messages, each within its bound, and nothing after it has found the protocol broken.
//
// The input: a byte for how it is cut, then the bytes.

#include "net/wire/ws_reader.hpp"

#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

using namespace weir;

namespace {

constexpr std::size_t max_bytes = 512;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

struct message {
  ws_reader::kind what;
  std::string payload;
  std::uint16_t code;
  bool operator==(const message&) const = default;
};

/// @param piece the most that comes at once.
std::vector<message> read(std::string bytes, std::uint32_t seed, std::size_t piece) {
  std::minstd_rand random{seed + 1};
  std::vector<message> out;
  ws_reader reader{max_bytes};
  for (std::size_t at = 0; at < bytes.size();) {
    auto size = std::min(bytes.size() - at, piece == bytes.size() ? piece : 1 + random() % piece);
    reader.begin({bytes.data() + at, size});
    at += size;
    auto asked_enough = random() % 4 == 0; // now and then some is left for later
    for (auto x = reader.next(); x.what != ws_reader::kind::none; x = reader.next()) {
      require(out.empty() || out.back().what != ws_reader::kind::failed, "something came after a failure");
      require(x.payload.size() <= max_bytes, "a message over the bound");
      out.push_back({x.what, std::string{x.payload}, x.code});
      if (asked_enough && at < bytes.size()) break;
    }
    reader.end();
    require(reader.held_bytes() <= 2 * max_bytes + 14 + bytes.size(), "more is held than came");
  }
  reader.begin({});
  for (auto x = reader.next(); x.what != ws_reader::kind::none; x = reader.next())
    out.push_back({x.what, std::string{x.payload}, x.code});
  reader.end();
  return out;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  std::string bytes{reinterpret_cast<const char*>(data) + 1, size - 1};
  auto whole = read(bytes, 0, bytes.size());
  require(read(bytes, data[0], 3) == whole, "it matters how small pieces are cut");
  require(read(bytes, data[0], 100) == whole, "it matters how large pieces are cut");
  return 0;
}
