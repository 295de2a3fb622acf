#include "actors/core/byte_budget.hpp"

#include <catch2/catch_test_macros.hpp>

#include <deque>
#include <random>
#include <vector>

using namespace weir;

namespace {

constexpr std::uint64_t mib = 1024 * 1024;

} // namespace

TEST_CASE("who is alone has all of a budget, and gives back what is above its share when others come") {
  auto budget = std::make_shared<byte_budget>(80 * mib);
  budget_share noisy{budget}, quiet{budget};
  noisy.hold(70 * mib);
  CHECK(noisy.excess() == 0);
  noisy.hold(80 * mib);
  CHECK(noisy.excess() == 10 * mib); // the high water of a whole that it has alone
  quiet.hold(2 * mib);
  CHECK(quiet.excess() == 0);
  CHECK(noisy.excess() == 45 * mib);
  noisy.hold(35 * mib);
  CHECK(noisy.excess() == 0);
  CHECK_FALSE(budget->is_tight());
}

TEST_CASE("a small holder never has to give back, however many there are") {
  auto budget = std::make_shared<byte_budget>(10 * mib);
  budget_share noisy{budget};
  noisy.hold(10 * mib);
  std::deque<budget_share> small;
  for (int i = 0; i < 1000; ++i) small.emplace_back(budget).hold(1000);
  CHECK(budget->holders() == 1);
  for (auto& x : small) CHECK(x.excess() == 0);
  CHECK(noisy.excess() > 0);
}

TEST_CASE("a budget without a limit asks for nothing, and so does a share of none") {
  auto budget = std::make_shared<byte_budget>(0);
  budget_share x{budget}, y{nullptr};
  x.hold(1ULL << 40);
  y.hold(1ULL << 40);
  CHECK(x.excess() == 0);
  CHECK(y.excess() == 0);
}

TEST_CASE("holders that give back what they have to bring a budget below its limit") {
  auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random{seed};
  auto budget = std::make_shared<byte_budget>(100 * mib);
  {
    std::deque<budget_share> all;
    for (int i = 0; i < 20; ++i) all.emplace_back(budget);
    for (int step = 0; step < 2000; ++step) {
      auto& x = all[random() % all.size()];
      x.hold(x.bytes() + random() % (2 * mib));
      std::uint64_t sum = 0;
      for (auto& y : all) {
        y.hold(y.bytes() - y.excess());
        sum += y.bytes();
      }
      REQUIRE(sum == budget->used());
      REQUIRE(budget->used() <= budget->limit());
    }
  }
  CHECK(budget->used() == 0);
  CHECK(budget->holders() == 0);
}
