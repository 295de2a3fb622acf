#include "benchmarks/load/generator/ws_frames.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace weir::bench;

namespace {

/// A server's frame: as a client's, without the mask.
std::string served(ws_op op, const std::string& payload, bool last = true) {
  std::string out;
  append_frame(out, op, payload);
  auto header = payload.size() < 126 ? 2U : payload.size() < 65536 ? 4U : 10U;
  out.erase(header, 4);
  out[1] = static_cast<char>(out[1] & 0x7f);
  if (!last) out[0] = static_cast<char>(out[0] & 0x7f);
  return out;
}

struct reader {
  std::string carry;
  std::vector<std::string> got;
  bool good = true;

  void take(std::string_view bytes) {
    good = take_frames(carry, bytes, [this](const ws_frame& x) {
      got.emplace_back(x.payload);
      return true;
    });
  }
};

} // namespace

TEST_CASE("frames are found wherever the bytes are split") {
  std::vector<std::string> payloads{"", "a", std::string(125, 'b'), std::string(126, 'c'),
                                    std::string(300, 'd')};
  std::string bytes;
  for (auto& x : payloads) bytes += served(ws_op::text, x);
  for (std::size_t first = 0; first <= bytes.size(); ++first) {
    reader x;
    x.take(std::string_view{bytes}.substr(0, first));
    x.take(std::string_view{bytes}.substr(first));
    INFO(first);
    CHECK(x.got == payloads);
    CHECK(x.carry.empty());
  }
}

TEST_CASE("frames that come byte by byte, and long ones, are found too") {
  auto bytes = served(ws_op::text, "hello") + served(ws_op::binary, std::string(70'000, 'x'));
  reader x;
  for (auto c : bytes) x.take({&c, 1});
  REQUIRE(x.got.size() == 2);
  CHECK(x.got[1].size() == 70'000);
}

TEST_CASE("a frame says what it is and whether it is the last of its message") {
  ws_frame frame;
  std::size_t size = 0;
  auto bytes = served(ws_op::ping, "abc");
  REQUIRE(parse_frame(bytes, frame, size) == frame_state::whole);
  CHECK(frame.op == ws_op::ping);
  CHECK(frame.last);
  CHECK(size == 5);
  bytes = served(ws_op::text, "abc", false);
  REQUIRE(parse_frame(bytes, frame, size) == frame_state::whole);
  CHECK_FALSE(frame.last);
}

TEST_CASE("what no server may send is no frame") {
  std::string masked;
  append_frame(masked, ws_op::text, "abc");
  for (auto& bytes :
       {masked, std::string{"\xf1\x00", 2}, std::string{"\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", 10}}) {
    reader x;
    x.take(bytes);
    CHECK_FALSE(x.good);
    CHECK(x.got.empty());
  }
}

TEST_CASE("whoever takes frames can stop, and the rest is not kept") {
  std::string carry;
  int count = 0;
  auto bytes = served(ws_op::text, "a") + served(ws_op::text, "b");
  CHECK(take_frames(carry, bytes, [&](const ws_frame&) { return ++count < 1; }));
  CHECK(count == 1);
  CHECK(carry.empty());
}
