#include "net/frame_meter.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("frames beyond the rate are refused, and beyond as many refusals not read") {
  frame_meter::time_point now{};
  frame_meter meter{10, 4, now};
  for (int i = 0; i < 4; ++i) CHECK(meter.take(now) == 0);
  for (int i = 0; i < 4; ++i) {
    CHECK_FALSE(meter.exhausted(now));
    CHECK(meter.take(now) > 0);
  }
  CHECK(meter.exhausted(now));
  CHECK(meter.exhausted(now + 99ms));
  CHECK_FALSE(meter.exhausted(now + 100ms));
  CHECK(meter.take(now + 100ms) == 0);
}

TEST_CASE("however many frames a client sends, no more than twice its rate are looked at") {
  frame_meter::time_point start{};
  frame_meter meter{200, 400, start};
  int looked_at = 0;
  for (auto now = start; now < start + 10s; now += 1ms)
    for (int i = 0; i < 100 && !meter.exhausted(now); ++i) {
      meter.take(now);
      ++looked_at;
    }
  CHECK(looked_at <= 2 * (400 + 10 * 200 + 1));
  CHECK(looked_at >= 400 + 10 * 200);
}
