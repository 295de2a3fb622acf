#include "actors/core/expiry_clock.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using weir::expiry_clock;
using namespace std::chrono_literals;

namespace {

constexpr std::int64_t start_ms = 1'800'000'000'000, hour_ms = 3'600'000;

expiry_clock::time_point at(std::chrono::milliseconds x) { return expiry_clock::time_point{10h + x}; }

} // namespace

TEST_CASE("it begins as the wall clock, and goes on with it") {
  expiry_clock x{at(0ms), start_ms};
  CHECK(x.now_ms(at(0ms)) == start_ms);
  CHECK(x.now_ms(at(500ms)) == start_ms + 500);
  x.follow(at(1s), start_ms + 1000);
  CHECK(x.now_ms(at(1s)) == start_ms + 1000);
}

TEST_CASE("a wall clock that is set for a moment hardly moves it") {
  auto by = GENERATE(hour_ms, -hour_ms);
  expiry_clock x{at(0ms), start_ms};
  for (int s = 1; s <= 3; ++s) x.follow(at(s * 1000ms), start_ms + s * 1000 + by);
  auto off = x.now_ms(at(3s)) - start_ms - 3000;
  CHECK(std::abs(off) <= 3000 / expiry_clock::rate);
  for (int s = 4; s <= 10; ++s) x.follow(at(s * 1000ms), start_ms + s * 1000);
  CHECK(x.now_ms(at(10s)) == start_ms + 10'000);
}

TEST_CASE("a wall clock that is set for good is followed, and it never goes back") {
  auto by = GENERATE(hour_ms, -hour_ms);
  expiry_clock x{at(0ms), start_ms};
  auto last = x.now_ms(at(0ms));
  for (int minute = 1; minute <= 17 * 60; ++minute) {
    x.follow(at(minute * 60s), start_ms + minute * 60'000 + by);
    auto now = x.now_ms(at(minute * 60s));
    REQUIRE(now > last);
    last = now;
  }
  CHECK(last == start_ms + 17 * hour_ms + by);
}
