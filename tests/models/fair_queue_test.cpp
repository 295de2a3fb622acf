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

TEST_CASE("in a full queue the longest lane gives way, and only to one that has less") {
  fair_queue<int> queue{4};
  for (std::uint64_t id = 1; id <= 3; ++id) queue.push("noisy", id, static_cast<int>(id));
  CHECK_FALSE(queue.make_room("quiet")); // it is not full
  queue.push("noisy", 4, 4);
  CHECK_FALSE(queue.make_room("noisy"));
  CHECK(queue.make_room("quiet") == 4); // the newest
  CHECK(queue.push("quiet", 5, 5));
  CHECK(queue.make_room("quiet") == 3);
  CHECK(queue.push("quiet", 6, 6));
  CHECK_FALSE(queue.make_room("quiet")); // two and two
  CHECK(queue.make_room("third") == 6);
  CHECK(queue.size() == 3);
}

TEST_CASE("who may not have a turn is passed over and keeps its place") {
  fair_queue<int> queue{10};
  queue.push("a", 1, 1);
  queue.push("b", 2, 2);
  queue.push("a", 3, 3);
  auto not_a = [](const std::string& ns) { return ns != "a"; };
  CHECK(queue.pop(not_a) == 2);
  CHECK_FALSE(queue.pop(not_a));
  CHECK(queue.size() == 2);
  CHECK(queue.pop() == 1);
}

TEST_CASE("however tenants offer and are served, none below its share of the queue is turned away") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 engine{seed};
    auto limit = 1 + engine() % 40;
    fair_queue<std::string> queue{limit};
    std::map<std::string, std::size_t> held;
    auto longest = [&held] {
      std::size_t most = 0;
      for (auto& x : held) most = std::max(most, x.second);
      return most;
    };
    for (std::uint64_t id = 1; id <= 2000; ++id) {
      if (engine() % 3 == 0) {
        if (auto ns = queue.pop()) --held[*ns];
        continue;
      }
      // The first tenant offers as much as all others together.
      auto ns = engine() % 2 == 0 ? "noisy" : "quiet" + std::to_string(engine() % 5);
      if (auto victim = queue.make_room(ns)) {
        REQUIRE(held[*victim] == longest());
        REQUIRE(held[*victim] > held[ns] + 1);
        --held[*victim];
      }
      if (queue.push(ns, id, ns))
        ++held[ns];
      else
        REQUIRE(held[ns] + 1 >= longest());
      REQUIRE(queue.size() <= limit);
      for (auto& x : held) REQUIRE(queue.waiting(x.first) == x.second);
    }
  }
}
