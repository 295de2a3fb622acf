#include "actors/cluster/lease_age.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using weir::lease_age;
using weir::lease_grant;
using namespace std::chrono_literals;

namespace {

constexpr auto ttl = 2000ms;

lease_grant held_until(std::int64_t expires_ms) { return {false, 1, "n1/7", expires_ms}; }

lease_age::time_point at(std::chrono::milliseconds x) { return lease_age::time_point{1h + x}; }

} // namespace

TEST_CASE("a lease that nobody prolongs counts until its end") {
  lease_age x{ttl};
  CHECK(x.left("n1", held_until(11'500), at(0ms), 10'000) == 1500ms);
  CHECK(x.left("n1", held_until(11'500), at(1000ms), 11'000) == 500ms);
  CHECK(x.left("n1", held_until(11'500), at(1500ms), 11'500) == 0ms);
}

TEST_CASE("a lease of a holder whose clock is ahead counts for its time and no longer") {
  auto ahead_ms = GENERATE(3'000, 3'600'000, 360'000'000);
  lease_age x{ttl};
  CHECK(x.left("n1", held_until(10'000 + ahead_ms), at(0ms), 10'000) == 2000ms);
  CHECK(x.left("n1", held_until(10'000 + ahead_ms), at(1900ms), 11'900) == 100ms);
  CHECK(x.left("n1", held_until(10'000 + ahead_ms), at(2000ms), 12'000) == 0ms);
}

TEST_CASE("a lease that is prolonged counts, however far ahead this node's clock is") {
  lease_age x{ttl};
  auto step = 600ms; // a little less than a third
  for (int i = 0; i < 20; ++i)
    CHECK(x.left("n1", held_until(12'000 + 600 * i), at(i * step), 3'600'000) > 0ms);
  CHECK(x.left("n1", held_until(12'000 + 600 * 19), at(19 * step + 1000ms), 3'600'000) == 0ms);
}

TEST_CASE("another life of a node is another lease") {
  lease_age x{ttl};
  CHECK(x.left("n1", held_until(10'000), at(0ms), 20'000) == 1000ms);
  CHECK(x.left("n1", held_until(10'000), at(1s), 21'000) == 0ms);
  CHECK(x.left("n1", {false, 2, "n1/8", 10'000}, at(1s), 21'000) == 1000ms);
}
