#include "actors/models/circuit_breaker.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;
using state = circuit_breaker::state;
using result = circuit_breaker::result;

namespace {

const circuit_breaker::time_point t0{1h};

/// Lets one attempt through and ends it.
void attempt(circuit_breaker& x, result what, circuit_breaker::time_point now = t0) {
  auto pass = x.admit(now);
  REQUIRE(pass.granted);
  x.on_result(pass, what, now);
}

circuit_breaker opened(breaker_config settings) {
  circuit_breaker x{settings, 1};
  for (std::uint32_t i = 0; i < settings.failures; ++i) attempt(x, result::failure);
  REQUIRE(x.current() == state::open);
  return x;
}

} // namespace

TEST_CASE("a breaker opens after so many failures in a row, and a success begins the row anew", "[breaker]") {
  circuit_breaker x{{3, 1000, 8000, 1}, 1};
  attempt(x, result::failure);
  attempt(x, result::failure);
  attempt(x, result::success);
  attempt(x, result::failure);
  attempt(x, result::neutral); // a 4xx, a 429, a cancel: neither ends the row nor adds to it
  attempt(x, result::failure);
  CHECK(x.current() == state::closed);
  attempt(x, result::failure);
  CHECK(x.current() == state::open);
  CHECK_FALSE(x.admit(t0).granted);
}

TEST_CASE("a breaker with no number of failures never opens", "[breaker]") {
  circuit_breaker x{{0, 1000, 8000, 1}, 1};
  for (int i = 0; i < 1000; ++i) attempt(x, result::failure);
  CHECK(x.current() == state::closed);
}

TEST_CASE("an open breaker says when to come again, and lets probes through then", "[breaker]") {
  auto x = opened({2, 1000, 8000, 1});
  auto wait_ms = x.retry_after_ms(t0);
  CHECK((wait_ms >= 750 && wait_ms <= 1250));
  auto later = t0 + std::chrono::milliseconds{wait_ms};
  CHECK_FALSE(x.admit(later - 1ms).granted);
  auto probe = x.admit(later);
  CHECK(probe.granted);
  CHECK(x.current() == state::half_open);
  CHECK_FALSE(x.admit(later).granted); // one at a time
  CHECK(x.retry_after_ms(later) > 0);
  SECTION("one that succeeds closes it") {
    x.on_result(probe, result::success, later);
    CHECK(x.current() == state::closed);
    attempt(x, result::failure, later); // the row of failures begins anew
    CHECK(x.current() == state::closed);
  }
  SECTION("one that fails opens it again, for longer") {
    x.on_result(probe, result::failure, later);
    CHECK(x.current() == state::open);
    CHECK((x.retry_after_ms(later) >= 1500 && x.retry_after_ms(later) <= 2500));
  }
  SECTION("one that tells nothing makes room for another") {
    x.on_result(probe, result::neutral, later);
    CHECK(x.current() == state::half_open);
    CHECK(x.admit(later).granted);
  }
}

TEST_CASE("all of several probes have to succeed", "[breaker]") {
  auto x = opened({1, 1000, 8000, 3});
  auto later = t0 + 2s;
  std::vector<circuit_breaker::pass> probes{x.admit(later), x.admit(later), x.admit(later)};
  CHECK_FALSE(x.admit(later).granted);
  x.on_result(probes[0], result::success, later);
  x.on_result(probes[1], result::success, later);
  CHECK(x.current() == state::half_open);
  CHECK_FALSE(x.admit(later).granted);
  SECTION("and do") {
    x.on_result(probes[2], result::success, later);
    CHECK(x.current() == state::closed);
  }
  SECTION("and one does not") {
    x.on_result(probes[2], result::failure, later);
    CHECK(x.current() == state::open);
  }
}

TEST_CASE("what was let through before a change of state is not counted after it", "[breaker]") {
  circuit_breaker x{{1, 1000, 8000, 1}, 1};
  auto slow = x.admit(t0);
  auto slower = x.admit(t0);
  attempt(x, result::failure);
  CHECK(x.current() == state::open);
  x.on_result(slow, result::success, t0);
  CHECK(x.current() == state::open);
  auto probe = x.admit(t0 + 2s);
  x.on_result(slower, result::failure, t0 + 2s);
  CHECK(x.current() == state::half_open);
  x.on_result(probe, result::success, t0 + 2s);
  CHECK(x.current() == state::closed);
}

TEST_CASE("a breaker is open for longer each time, up to a bound, and closing begins it anew", "[breaker]") {
  auto x = opened({1, 1000, 4000, 1});
  auto now = t0;
  std::vector<std::int64_t> times;
  for (int i = 0; i < 6; ++i) {
    times.push_back(x.retry_after_ms(now));
    now += std::chrono::milliseconds{times.back()};
    x.on_result(x.admit(now), result::failure, now);
  }
  for (std::size_t i = 0; i < times.size(); ++i) {
    auto expected = std::min<std::int64_t>(1000 << i, 4000);
    CHECK(times[i] >= expected * 3 / 4);
    CHECK(times[i] <= expected * 5 / 4);
  }
  now += 10s;
  x.on_result(x.admit(now), result::success, now);
  attempt(x, result::failure, now);
  CHECK(x.retry_after_ms(now) <= 1250);
}

TEST_CASE("however attempts overlap and end, a breaker lets no more than its probes through", "[breaker]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine{seed};
    circuit_breaker x{{3, 100, 800, 2}, seed};
    std::vector<circuit_breaker::pass> open;
    auto now = t0;
    auto before = state::closed;
    int probing = 0;
    for (int i = 0; i < 3000; ++i) {
      now += std::chrono::milliseconds{engine() % 20};
      if (engine() % 2 == 0 || open.empty()) {
        auto pass = x.admit(now);
        if (before != x.current()) probing = 0;
        if (pass.granted) open.push_back(pass);
        if (pass.granted && x.current() == state::half_open) ++probing;
        if (x.current() == state::open) REQUIRE_FALSE(pass.granted);
        if (x.current() == state::closed) REQUIRE(pass.granted);
      } else {
        auto at = engine() % open.size();
        auto what = static_cast<result>(engine() % 3);
        x.on_result(open[at], what, now);
        if (what == result::neutral && before == state::half_open) probing = std::max(0, probing - 1);
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
        if (before != x.current()) probing = 0;
      }
      REQUIRE(probing <= 2);
      REQUIRE(x.retry_after_ms(now) >= 1);
      before = x.current();
    }
  }
}
