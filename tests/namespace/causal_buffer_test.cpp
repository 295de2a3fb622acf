#include "actors/namespace/causal_buffer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <random>

using weir::causal_buffer;
using list = std::vector<int>;

TEST_CASE("an event waits for its predecessor, and those that wait for one come in their order") {
  causal_buffer<int> x(10, 1000, 100);
  CHECK(x.hold("p", 1, 1, 0));
  CHECK(x.hold("q", 2, 1, 0));
  CHECK(x.hold("p", 3, 1, 0));
  CHECK(x.release("r").empty());
  CHECK(x.release("p") == list{1, 3});
  CHECK(x.release("p").empty());
  CHECK(x.size() == 1);
}

TEST_CASE("a full causal buffer refuses, and takes again when there is room") {
  causal_buffer<int> x(2, 1000, 100);
  CHECK(x.hold("p", 1, 1, 0));
  CHECK(x.hold("p", 2, 1, 0));
  CHECK(!x.hold("p", 3, 1, 0));
  CHECK(x.release("p") == list{1, 2});
  CHECK(x.hold("p", 3, 1, 0));
}

TEST_CASE("an event whose time is over comes out oldest first") {
  causal_buffer<int> x(10, 1000, 100);
  x.hold("p", 1, 1, 0);
  x.hold("q", 2, 1, 50);
  int got = 0;
  CHECK(!x.expire(99, got));
  CHECK(x.next_deadline_ms() == 100);
  CHECK(x.expire(100, got));
  CHECK(got == 1);
  CHECK(!x.expire(149, got));
  CHECK(x.expire(150, got));
  CHECK(got == 2);
  CHECK(x.next_deadline_ms() == 0);
}

TEST_CASE("the causal buffer agrees with a list of what waits") {
  auto seed = GENERATE(range(1, 30));
  std::mt19937 random(static_cast<unsigned>(seed));
  causal_buffer<int> x(15, 1000, 40);
  struct item {
    std::string predecessor;
    int what;
    std::int64_t deadline;
  };
  std::vector<item> model;
  std::int64_t now = 0;
  for (int step = 0; step < 600; ++step) {
    now += static_cast<std::int64_t>(random() % 4);
    auto predecessor = std::to_string(random() % 8);
    INFO("seed " << seed << " step " << step);
    switch (random() % 3) {
    case 0:
      REQUIRE(x.hold(predecessor, step, 1, now) == (model.size() < 15));
      if (model.size() < 15) model.push_back({predecessor, step, now + 40});
      break;
    case 1: {
      list expected;
      std::vector<item> rest;
      for (auto& y : model) {
        if (y.predecessor == predecessor)
          expected.push_back(y.what);
        else
          rest.push_back(y);
      }
      model = rest;
      REQUIRE(x.release(predecessor) == expected);
      break;
    }
    default: {
      int got = -1;
      auto due = !model.empty() && model.front().deadline <= now;
      REQUIRE(x.expire(now, got) == due);
      if (due) {
        REQUIRE(got == model.front().what);
        model.erase(model.begin());
      }
    }
    }
    REQUIRE(x.size() == model.size());
  }
}

TEST_CASE("events that wait are bounded in bytes, and one fits always") {
  causal_buffer<int> x(10, 100, 1000);
  CHECK(x.hold("p", 1, 5000, 0));
  CHECK_FALSE(x.hold("q", 2, 1, 0));
  CHECK(x.release("p").size() == 1);
  CHECK(x.bytes() == 0);
  CHECK(x.hold("p", 1, 60, 0));
  CHECK(x.hold("q", 2, 40, 0));
  CHECK_FALSE(x.hold("p", 3, 1, 0));
  int out = 0;
  CHECK(x.expire(1000, out));
  CHECK(x.bytes() == 40);
}
