#include "net/wire/decode.hpp"
#include "net/wire/plain_json.hpp"
#include "net/wire/plain_publish.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <random>
#include <string>

using namespace weir::wire;
using nlohmann::json;

namespace {

std::string frame_with(const std::string& data) {
  return R"({"op":"publish","type":"a.b","message_id":"m1","data":)" + data + "}";
}

/// JSON text as clients write it: keys in any order or twice, white space here and there.
class text_maker {
public:
  explicit text_maker(unsigned seed) : random_(seed) {}

  std::string value(int depth) {
    switch (below(depth > 0 ? 10 : 7)) {
    case 0:
      return pick({"true", "false", "null"});
    case 1:
      return pick(
          {"0", "7", "-3", "123456789012345678", "-0", "1234567890123456789", "01", "1.50", "2e3", "-"});
    case 2:
      return pick({R"("")", R"("a\nb")", R"("\u00e4")", R"("ä€😀")", "\"\x7f\"", R"("/")", "\"\xc3\x28\""});
    case 7:
      return list('[', ']', depth, false);
    case 8:
    case 9:
      return list('{', '}', depth, true);
    default:
      return '"' + std::string(below(5), 'x') + '"';
    }
  }

private:
  std::size_t below(std::size_t n) { return random_() % n; }
  std::string pick(std::initializer_list<const char*> from) { return from.begin()[below(from.size())]; }
  std::string space() { return below(8) == 0 ? pick({" ", "\n", "\t ", "\r"}) : std::string{}; }

  std::string list(char open, char close, int depth, bool keys) {
    std::string out{open};
    auto n = below(4);
    for (std::size_t i = 0; i < n; ++i) {
      if (i > 0) out += ',';
      if (keys) out += space() + '"' + std::string(1, static_cast<char>('a' + below(20))) + "\":";
      out += space() + value(depth - 1) + space();
    }
    return out + close;
  }

  std::mt19937 random_;
};

} // namespace

TEST_CASE("a plain publish reads the same as through the parser") {
  unsigned plain = 0;
  for (unsigned seed = 0; seed < 5000; ++seed) {
    auto data = text_maker{seed}.value(4);
    INFO("seed " << seed << ": " << data);
    auto quick = read_plain_publish(frame_with(data));
    auto parsed = json::parse(data, nullptr, false);
    if (parsed.is_discarded()) {
      CHECK_FALSE(quick);
    } else if (quick) {
      CHECK(quick->data == data);
      ++plain;
    }
  }
  CHECK(plain > 2000); // or it is of no use
}

TEST_CASE("a plain publish has its fields in any order") {
  auto x = read_plain_publish(
      R"( {"data":{"b":1,"a":[2, 3]},"to":"bob","ephemeral":true, "prev_event_id":"a/b","type":"x","message_id":"m","op":"publish"} )");
  REQUIRE(x);
  CHECK(x->data == R"({"b":1,"a":[2, 3]})");
  CHECK(x->to == "bob");
  CHECK(x->ephemeral);
  CHECK(x->prev_event_id == "a/b");
  CHECK(x->type == "x");
  CHECK(x->message_id == "m");
}

TEST_CASE("what is not a plain publish is left to the parser") {
  auto is_left = [](const std::string& text) {
    INFO(text);
    CHECK_FALSE(read_plain_publish(text));
  };
  is_left("");
  is_left("{}");
  is_left("[]");
  is_left(frame_with("1") + "x");
  is_left(frame_with("1,"));
  is_left(frame_with(R"(1,"data":2)"));
  is_left(frame_with(R"(1,"else":2)"));
  is_left(frame_with(R"(1,"receipt":"acked")"));
  is_left(frame_with(R"(1,"to":"")"));
  is_left(frame_with(R"(1,"ephemeral":1)"));
  is_left(frame_with("\"\xed\xa0\x80\"")); // a surrogate
  is_left(frame_with("\"\xf4\x90\x80\x80\""));
  is_left(frame_with("\"\xc0\xaf\""));
  is_left(frame_with("\"\xe2\x82\""));
  is_left(R"({"op":"publish","type":"sys.a","message_id":"m","data":1})");
  is_left(R"({"op":"publish","type":"a..b","message_id":"m","data":1})");
  is_left(R"({"op":"publish","type":"a","message_id":"m m","data":1})");
  is_left(R"({"op":"publish","type":"a","data":1})");
  is_left(R"({"op":"call","type":"a","message_id":"m","data":1})");
}

TEST_CASE("a plain publish is nested no deeper than any frame") {
  auto nested = [](std::size_t n) { return frame_with(std::string(n, '[') + std::string(n, ']')); };
  CHECK(read_plain_publish(nested(max_depth - 1)));
  CHECK_FALSE(read_plain_publish(nested(max_depth)));
  CHECK_FALSE(read_plain_publish(nested(30'000)));
}
