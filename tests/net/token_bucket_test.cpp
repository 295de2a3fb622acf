#include "net/strikes.hpp"
#include "net/token_bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const token_bucket::time_point start{1000s};

} // namespace

TEST_CASE("a burst is let through, then the rate") {
  token_bucket bucket{100, 5, start};
  for (int i = 0; i < 5; ++i) CHECK(bucket.take(start) == 0);
  CHECK(bucket.take(start) == 10);
  CHECK(bucket.used() == 5);
  CHECK(bucket.burst() == 5);
  CHECK(bucket.take(start + 10ms) == 0);
  CHECK(bucket.take(start + 10ms) > 0);
  int taken = 0;
  for (auto now = start + 11ms; now < start + 1011ms; now += 1ms) taken += bucket.take(now) == 0 ? 1 : 0;
  CHECK(taken >= 99);
  CHECK(taken <= 101);
}

TEST_CASE("who goes on asking is told to wait longer, up to a bound and never for nothing") {
  token_bucket bucket{100, 1, start};
  CHECK(bucket.take(start) == 0);
  auto last = bucket.take(start);
  for (int i = 0; i < 100; ++i) {
    auto next = bucket.take(start);
    CHECK(next > last);
    last = next;
  }
  for (int i = 0; i < 10'000; ++i) last = bucket.take(start);
  CHECK(last == token_bucket::max_retry_ms);
  CHECK(bucket.take(start + 10ms) == 0);
  CHECK(bucket.take(start + 10ms) <= 10);
}

TEST_CASE("idle time saves up no more than the burst") {
  token_bucket bucket{100, 3, start};
  for (int i = 0; i < 3; ++i) CHECK(bucket.take(start + 1h) == 0);
  CHECK(bucket.take(start + 1h) > 0);
}

TEST_CASE("strikes count within their window only") {
  strikes count{3, 10s};
  CHECK_FALSE(count.add(start));
  CHECK_FALSE(count.add(start + 1s));
  CHECK_FALSE(count.add(start + 10s)); // the first is too old
  CHECK(count.add(start + 10s));
}

TEST_CASE("a bucket whose rate and burst change keeps what has been used up") {
  auto now = token_bucket::time_point{};
  token_bucket bucket{10, 10, now};
  for (int i = 0; i < 6; ++i) CHECK(bucket.take(now) == 0);
  bucket.set(10, 8);
  CHECK(bucket.used() == 6);
  for (int i = 0; i < 2; ++i) CHECK(bucket.take(now) == 0);
  CHECK(bucket.take(now) > 0);
  bucket.set(1000, 4); // less than has been used
  CHECK(bucket.take(now) > 0);
  CHECK(bucket.take(now + std::chrono::milliseconds{10}) == 0);
  bucket.set(1000, 100);
  for (int i = 0; i < 90; ++i) CHECK(bucket.take(now + std::chrono::milliseconds{10}) == 0);
}
