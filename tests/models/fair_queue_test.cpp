#include "actors/models/fair_queue.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <vector>

using weir::fair_queue;

namespace {

/// The same promises, kept the slow and obvious way.
class model {
public:
  explicit model(std::size_t limit) : limit_(limit) {}

  bool push(const std::string& ns, std::uint64_t id) {
    if (size() >= limit_) return false;
    auto lane = std::find_if(lanes_.begin(), lanes_.end(), [&](auto& x) { return x.first == ns; });
    if (lane == lanes_.end()) lane = lanes_.insert(lanes_.end(), {ns, {}});
    lane->second.push_back(id);
    return true;
  }

  std::optional<std::uint64_t> pop() {
    if (lanes_.empty()) return std::nullopt;
    auto lane = std::move(lanes_.front());
    lanes_.pop_front();
    auto id = lane.second.front();
    lane.second.pop_front();
    if (!lane.second.empty()) lanes_.push_back(std::move(lane));
    return id;
  }

  bool erase(std::uint64_t id) {
    for (auto lane = lanes_.begin(); lane != lanes_.end(); ++lane) {
      auto i = std::find(lane->second.begin(), lane->second.end(), id);
      if (i == lane->second.end()) continue;
      lane->second.erase(i);
      if (lane->second.empty()) lanes_.erase(lane);
      return true;
    }
    return false;
  }

  std::size_t size() const {
    std::size_t n = 0;
    for (auto& x : lanes_) n += x.second.size();
    return n;
  }

private:
  std::size_t limit_;
  std::deque<std::pair<std::string, std::deque<std::uint64_t>>> lanes_;
};

} // namespace

TEST_CASE("the fair queue does what its model does, whatever is done to it") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine{seed};
    fair_queue<std::uint64_t> queue{40};
    model expected{40};
    for (std::uint64_t id = 1; id <= 1000; ++id) {
      auto dice = engine() % 10;
      if (dice < 5) {
        auto ns = "ns" + std::to_string(engine() % 6);
        REQUIRE(queue.push(ns, id, id) == expected.push(ns, id));
      } else if (dice < 8) {
        REQUIRE(queue.pop() == expected.pop());
      } else {
        auto victim = 1 + engine() % id;
        REQUIRE(queue.erase(victim).has_value() == expected.erase(victim));
      }
      REQUIRE(queue.size() == expected.size());
    }
    while (auto next = expected.pop()) REQUIRE(queue.pop() == next);
    REQUIRE(queue.empty());
    REQUIRE(queue.namespaces() == 0);
  }
}

TEST_CASE("a burst of one namespace waits behind itself") {
  fair_queue<int> queue{200};
  for (std::uint64_t i = 0; i < 100; ++i) queue.push("noisy", i, 1);
  for (std::uint64_t i = 100; i < 103; ++i) queue.push("quiet", i, 2);
  std::vector<int> order;
  for (int i = 0; i < 6; ++i) order.push_back(*queue.pop());
  CHECK(order == std::vector<int>{1, 2, 1, 2, 1, 2});
}

TEST_CASE("a full fair queue says no and changes nothing") {
  fair_queue<int> queue{2};
  CHECK(queue.push("a", 1, 1));
  CHECK_FALSE(queue.push("a", 1, 9)); // the same id twice
  CHECK(queue.push("b", 2, 2));
  CHECK_FALSE(queue.push("c", 3, 3));
  CHECK(queue.size() == 2);
  CHECK(queue.erase(1) == 1);
  CHECK(queue.push("c", 3, 3));
}
