#include "actors/core/gauge_share.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>

using namespace weir;
using caf::telemetry::int_gauge;

TEST_CASE("parts of a gauge add up, and each ends with its owner") {
  int_gauge whole;
  auto a = std::make_unique<gauge_share>(&whole);
  gauge_share b{&whole};
  a->value(3);
  b.value(4);
  CHECK(whole.value() == 7);
  a->value(1);
  CHECK(whole.value() == 5);
  a.reset();
  CHECK(whole.value() == 4);
  b.value(0);
  CHECK(whole.value() == 0);
}

TEST_CASE("a part goes on at another gauge with what it had") {
  int_gauge one, other;
  gauge_share x;
  x.value(2); // of none yet
  x.move_to(&one);
  CHECK(one.value() == 2);
  x.move_to(&other);
  CHECK(one.value() == 0);
  CHECK(other.value() == 2);
  x.move_to(&other);
  CHECK(other.value() == 2);
}
