#include "actors/store/event_ages.hpp"

#include <catch2/catch_test_macros.hpp>

using weir::event_ages;

TEST_CASE("events are as old as their time stamps say, from the newest back") {
  event_ages x{1600};
  CHECK(x.next(10'000) == 0);
  CHECK(x.next(9'950) == 50);
  CHECK(x.next(9'900) == 100);
}

TEST_CASE("a clock that was set counts as little as it can") {
  event_ages x{1600};
  CHECK(x.next(5'000'000) == 0);
  CHECK(x.next(1'400'000) == 100); // it was set forward by an hour after this one
  CHECK(x.next(5'000'000) == 100); // and back before
  CHECK(x.next(4'999'990) == 110);
}

TEST_CASE("what is too old ends it") {
  event_ages x{160};
  CHECK(x.next(1000) == 0);
  for (int i = 1; i < 16; ++i) CHECK(x.next(1000 - 10 * i) == 10 * i);
  CHECK_FALSE(x.next(840));
  event_ages none{0};
  CHECK_FALSE(none.next(1));
}
