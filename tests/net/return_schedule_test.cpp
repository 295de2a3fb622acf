#include "net/return_schedule.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <queue>
#include <random>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;

namespace {

constexpr return_schedule::time_point start{1000s};

/// A node that takes one client after the other and has room for some, and clients that come when they are
/// told to. On a virtual clock, in steps of a millisecond.
class storm {
public:
  storm(std::uint64_t places, int taken_per_ms)
    : places_(places), taken_per_ms_(taken_per_ms), when_(places, 10s) {}

  void come(std::size_t clients, std::int64_t in_ms = 0) {
    for (; clients > 0; --clients) coming_.push(now_ms_ + in_ms);
  }

  /// Gives after how many milliseconds the last one has been taken.
  std::int64_t run() {
    auto began_ms = now_ms_;
    for (; !coming_.empty() || inside_ > 0; ++now_ms_) {
      auto now = start + std::chrono::milliseconds{now_ms_};
      for (int n = 0; n < taken_per_ms_ && inside_ > 0; ++n) when_.on_free(now, inside_--);
      for (; !coming_.empty() && coming_.top() <= now_ms_; coming_.pop()) {
        if (inside_ < places_) {
          ++inside_;
          continue;
        }
        ++refused;
        come(1, when_.book(now, std::uniform_real_distribution<>{0, 1}(random_)));
      }
    }
    return now_ms_ - began_ms;
  }

  int refused = 0;

private:
  std::uint64_t places_;
  int taken_per_ms_;
  return_schedule when_;
  std::uint64_t inside_ = 0;
  std::int64_t now_ms_ = 0;
  std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<>> coming_;
  std::minstd_rand random_{7};
};

} // namespace

TEST_CASE("a few that are refused come again within the jitter") {
  return_schedule x{1024, 10s};
  CHECK(x.book(start, 0) >= return_schedule::min_ms);
  CHECK(x.book(start, 0) <= return_schedule::min_ms + 10);
  CHECK(x.book(start, 0.999) <= return_schedule::min_ms + return_schedule::jitter_ms + 10);
}

TEST_CASE("those who are refused at once are booked one behind the other, at the pace of what comes free") {
  return_schedule x{1024, 100s};
  for (int ms = 0; ms <= 2000; ++ms) {
    auto now = start + std::chrono::milliseconds{ms};
    if (ms % 500 == 0) x.book(now, 0); // there is no room
    if (ms % 10 == 9) x.on_free(now, 1024);
  }
  auto now = start + 2000ms;
  for (int i = 0; i < 100; ++i) x.book(now, 0);
  auto told = x.book(now, 0);
  CHECK(told >= return_schedule::min_ms + 900);
  CHECK(told <= return_schedule::min_ms + 1300);
  CHECK(x.backlog(now) >= 900ms);
  CHECK(x.backlog(now + 2s) == 0ms);
}

TEST_CASE("room that stops coming free makes the waits longer, but never longer than it can be taken") {
  return_schedule x{100, 10s}; // 100 ms each, at the slowest
  x.book(start, 0);
  auto moving = x.book(start + 10ms, 0);
  auto stuck = start + 900ms;
  x.book(stuck, 0);
  auto before = x.backlog(stuck);
  x.book(stuck, 0);
  CHECK(x.backlog(stuck) - before == 100ms);
  CHECK(moving < return_schedule::min_ms + 50);
}

TEST_CASE("nobody is told more than the longest wait, and those beyond it do not come together") {
  return_schedule x{1, 10s};
  std::minstd_rand random{3};
  std::vector<std::int64_t> told;
  for (int i = 0; i < 1'000'000; ++i)
    told.push_back(x.book(start, std::uniform_real_distribution<>{0, 1}(random)));
  CHECK(*std::max_element(told.begin(), told.end()) <= return_schedule::max_ms);
  auto late = std::count_if(told.end() - 10'000, told.end(), [](auto ms) { return ms > 90'000; });
  CHECK(late > 4000);
  CHECK(late < 6000);
}

TEST_CASE("what comes free while there is room, or while nobody is refused, says nothing about the pace") {
  return_schedule x{1024, 100s};
  for (int i = 1; i < 100; ++i) x.on_free(start + std::chrono::seconds{i}, 1024);
  CHECK(x.book(start + 100s, 0) < return_schedule::min_ms + 10);
  for (int i = 1; i < 100; ++i) x.on_free(start + 100s + std::chrono::milliseconds{20 * i}, 100);
  CHECK(x.book(start + 102s, 0) < return_schedule::min_ms + 10);
}

TEST_CASE("a storm comes back over about the time that taking it needs, and nobody is refused often") {
  storm x{1024, 1}; // one in a millisecond: 50 s for all of them
  x.come(50'000);
  auto took_ms = x.run();
  CHECK(took_ms >= 50'000);
  CHECK(took_ms <= 65'000);
  CHECK(x.refused <= 100'000);
}

TEST_CASE("a node that is faster than was guessed has its storm within what the guess says") {
  storm x{1024, 20}; // it could take them all in 2.5 s
  x.come(50'000);
  CHECK(x.run() <= 20'000);
  auto first = x.refused;
  x.come(50'000); // the next storm is told what the first one has taught
  CHECK(x.run() <= 12'000);
  CHECK(x.refused - first <= 55'000);
}

TEST_CASE("a node that is slower than was guessed takes a storm at its own pace too") {
  storm x{64, 1};
  x.come(20'000);
  auto took_ms = x.run();
  CHECK(took_ms >= 20'000);
  CHECK(took_ms <= 40'000);
}
