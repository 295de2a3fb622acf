#include "net/wire/ws_reader.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <vector>

using namespace weir;

namespace {

constexpr std::size_t max_bytes = 1000;

/// A frame as a client sends it.
std::string frame(int opcode, std::string payload, bool fin = true) {
  std::string out{static_cast<char>((fin ? 0x80 : 0) | opcode)};
  auto size = payload.size();
  if (size < 126) {
    out += static_cast<char>(0x80 | size);
  } else if (size < 65536) {
    out += {static_cast<char>(0x80 | 126), static_cast<char>(size >> 8), static_cast<char>(size & 0xff)};
  } else {
    out += static_cast<char>(0x80 | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
  }
  const std::string mask{"\x12\x84\x00\xff", 4};
  for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  return out + mask + payload;
}

std::string close_payload(int code, const std::string& reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)} + reason;
}

using strings = std::vector<std::string>;

/// All that a reader makes of bytes that come in these pieces: `text:…`, `ping:…`, `failed 1002: …`.
strings read(const strings& pieces, ws_reader reader = ws_reader{max_bytes}) {
  static const char* names[] = {"none", "text", "part", "ping", "pong", "close", "failed"};
  strings out;
  for (auto piece : pieces) {
    reader.begin(piece);
    for (auto x = reader.next(); x.what != ws_reader::kind::none; x = reader.next()) {
      if (x.what == ws_reader::kind::part) continue;
      std::string name = names[static_cast<int>(x.what)];
      if (x.code > 0) name += ' ' + std::to_string(x.code);
      out.push_back(name + ':' + std::string{x.payload});
    }
    reader.end();
    CHECK(reader.held_bytes() <= max_bytes + 14 + max_bytes);
  }
  return out;
}

strings read(const std::string& bytes) { return read(strings{bytes}); }

} // namespace

TEST_CASE("a client's frames are unmasked and told apart") {
  CHECK(read(frame(1, "hello") + frame(9, "p") + frame(10, "q") + frame(1, "") + frame(8, "")
             + frame(8, close_payload(4000, "done")))
        == strings{"text:hello", "ping:p", "pong:q", "text:", "close 1005:", "close 4000:done"});
  for (std::size_t size : {125, 126, 127, 1000})
    CHECK(read(frame(1, std::string(size, 'x'))) == strings{"text:" + std::string(size, 'x')});
}

TEST_CASE("fragments are put together, also with control frames in between") {
  auto bytes = frame(1, "one ", false) + frame(9, "p") + frame(0, "", false) + frame(0, "two", true)
               + frame(1, "three");
  CHECK(read(bytes) == strings{"ping:p", "text:one two", "text:three"});
  // A code point in two halves.
  CHECK(read(frame(1, "\xc3", false) + frame(0, "\xa4")) == strings{"text:\xc3\xa4"});
}

TEST_CASE("it does not matter in which pieces bytes arrive") {
  std::mt19937 random{7};
  std::string bytes;
  for (int i = 0; i < 60; ++i) {
    std::string text(random() % 400, static_cast<char>('a' + i % 26));
    switch (random() % 4) {
    case 0:
      bytes += frame(9, text.substr(0, 125));
      break;
    case 1:
      bytes += frame(1, text, false) + frame(10, "pong") + frame(0, text);
      break;
    default:
      bytes += frame(1, text);
    }
  }
  auto whole = read(bytes);
  CHECK(whole.size() > 60);
  for (int round = 0; round < 50; ++round) {
    strings pieces;
    for (std::size_t at = 0; at < bytes.size();) {
      auto size = 1 + random() % (round < 25 ? 20 : 2000);
      pieces.push_back(bytes.substr(at, size));
      at += size;
    }
    REQUIRE(read(pieces) == whole);
  }
}

TEST_CASE("what was not asked for comes with the next piece") {
  ws_reader reader{max_bytes};
  auto bytes = frame(1, "one") + frame(1, "two");
  reader.begin(bytes);
  CHECK(reader.next().payload == "one");
  reader.end();
  CHECK(reader.held_bytes() > 0);
  reader.begin({});
  CHECK(reader.next().payload == "two");
  CHECK(reader.next().what == ws_reader::kind::none);
  reader.end();
  CHECK(reader.held_bytes() == 0);
}

TEST_CASE("what breaks the protocol is told with its close code, and nothing comes after it") {
  auto hello = frame(1, "hello");
  auto with = [&](std::size_t at, char x) {
    auto out = hello;
    out[at] = x;
    return out + frame(1, "more");
  };
  const std::pair<std::string, std::string> cases[] = {
      {with(0, '\xc1'), "failed 1002:reserved bits are set"},
      {with(1, '\x05'), "failed 1002:a frame is not masked"},
      {with(0, '\x83'), "failed 1002:an unknown opcode"},
      {with(0, '\x8b'), "failed 1002:an unknown opcode"},
      {frame(9, "p", false), "failed 1002:a control frame in fragments"},
      {frame(9, std::string(126, 'p')), "failed 1002:a control frame is too long"},
      {frame(0, "x"), "failed 1002:a continuation of nothing"},
      {frame(1, "x", false) + hello, "failed 1002:a message within a message"},
      {frame(8, "x"), "failed 1002:half a close code"},
      {frame(8, close_payload(1005)), "failed 1002:a close code that is none"},
      {frame(8, close_payload(999)), "failed 1002:a close code that is none"},
      {frame(8, close_payload(1000, "\xff")), "failed 1007:a reason is not UTF-8"},
      {frame(2, "x"), "failed 1003:binary frames are not taken"},
      {frame(1, "\xc3"), "failed 1007:a text is not UTF-8"},
      {frame(1, "12345678\xed\xa0\x80"), "failed 1007:a text is not UTF-8"},
      {frame(1, std::string(max_bytes + 1, 'x')), "failed 1009:a message is too large"},
      {frame(1, std::string(max_bytes, 'x'), false) + frame(0, "x"), "failed 1009:a message is too large"},
  };
  for (auto& [bytes, expected] : cases) {
    CAPTURE(expected);
    CHECK(read(bytes + hello) == strings{expected});
    strings bytewise;
    for (char x : bytes + hello) bytewise.emplace_back(1, x);
    CHECK(read(bytewise) == strings{expected});
  }
}

TEST_CASE("a frame that is too large is refused by its header") {
  auto bytes = frame(1, std::string(70'000, 'x')).substr(0, 14);
  CHECK(read(bytes) == strings{"failed 1009:a message is too large"});
}
