#include "net/timer_wheel.hpp"

#include <catch2/catch_test_macros.hpp>

#include <functional>
#include <memory>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const timer_wheel::time_point start{1000s};

struct clock_bell : timed {
  std::function<void()> then;
  int rung = 0;
  void on_time() override {
    ++rung;
    if (then) then();
  }
};

} // namespace

TEST_CASE("a timeout comes once, after its delay and at most two ticks late") {
  timer_wheel wheel{start};
  clock_bell x;
  wheel.schedule(x, 5s);
  CHECK(x.is_scheduled());
  wheel.advance(start + 5s);
  CHECK(x.rung == 0);
  wheel.advance(start + 5s + 2 * timer_wheel::tick);
  CHECK(x.rung == 1);
  wheel.advance(start + 1h);
  CHECK(x.rung == 1);
  CHECK_FALSE(x.is_scheduled());
}

TEST_CASE("a timeout may be longer than the wheel's round") {
  timer_wheel wheel{start};
  clock_bell x;
  wheel.schedule(x, 200s);
  wheel.advance(start + 199s);
  CHECK(x.rung == 0);
  wheel.advance(start + 201s);
  CHECK(x.rung == 1);
}

TEST_CASE("scheduling again, cancelling and destroying take a timeout back") {
  timer_wheel wheel{start};
  clock_bell moved, cancelled;
  auto destroyed = std::make_unique<clock_bell>();
  wheel.schedule(moved, 1s);
  wheel.schedule(moved, 3s);
  wheel.schedule(cancelled, 1s);
  wheel.schedule(*destroyed, 1s);
  wheel.cancel(cancelled);
  destroyed.reset();
  wheel.advance(start + 2s);
  CHECK(moved.rung == 0);
  wheel.advance(start + 4s);
  CHECK(moved.rung == 1);
  CHECK(cancelled.rung == 0);
}

TEST_CASE("what is called may schedule itself, cancel its neighbour and destroy another") {
  timer_wheel wheel{start};
  clock_bell self, neighbour;
  auto other = std::make_unique<clock_bell>();
  self.then = [&] {
    wheel.schedule(self, 1s);
    wheel.cancel(neighbour);
    other.reset();
  };
  wheel.schedule(self, 1s);
  wheel.schedule(neighbour, 1s);
  wheel.schedule(*other, 1s);
  wheel.advance(start + 1500ms);
  CHECK(self.rung == 1);
  CHECK(neighbour.rung == 0);
  wheel.advance(start + 3s);
  CHECK(self.rung == 2);
}

TEST_CASE("a wheel that was not turned for long calls what is due once") {
  timer_wheel wheel{start};
  std::vector<std::unique_ptr<clock_bell>> many;
  for (int i = 0; i < 1000; ++i) {
    many.push_back(std::make_unique<clock_bell>());
    wheel.schedule(*many.back(), std::chrono::milliseconds{i * 100});
  }
  wheel.advance(start + 1h);
  for (auto& x : many) CHECK(x->rung == 1);
}
