#include "actors/namespace/dedupe_window.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <deque>
#include <random>

using weir::dedupe_window;

TEST_CASE("the dedupe window forgets the oldest id over its count") {
  dedupe_window x(2, 1000);
  x.add("a", {1, 11}, 0);
  x.add("b", {2, 22}, 0);
  x.add("c", {3, 33}, 0);
  CHECK(x.find("a", 0) == nullptr);
  REQUIRE(x.find("b", 0) != nullptr);
  CHECK(x.find("b", 0)->seq == 2);
  CHECK(x.find("c", 0)->content_hash == 33);
  CHECK(x.size() == 2);
}

TEST_CASE("the dedupe window forgets ids over its age") {
  dedupe_window x(10, 1000);
  x.add("a", {1, 0}, 0);
  x.add("b", {2, 0}, 500);
  CHECK(x.find("a", 999) != nullptr);
  CHECK(x.find("a", 1000) == nullptr);
  CHECK(x.find("b", 1000) != nullptr);
  CHECK(x.size() == 1);
}

TEST_CASE("the dedupe window agrees with a list of what was added") {
  auto seed = GENERATE(range(1, 20));
  std::mt19937 random(static_cast<unsigned>(seed));
  dedupe_window x(20, 100);
  struct item {
    std::string id;
    std::uint64_t seq;
    std::int64_t at;
  };
  std::deque<item> model;
  std::int64_t now = 0;
  for (std::uint64_t step = 1; step < 500; ++step) {
    now += static_cast<std::int64_t>(random() % 10);
    auto id = std::to_string(random() % 60);
    while (!model.empty() && now - model.front().at >= 100) model.pop_front();
    const item* expected = nullptr;
    for (auto& y : model)
      if (y.id == id) expected = &y;
    INFO("seed " << seed << " step " << step);
    auto* found = x.find(id, now);
    REQUIRE((found != nullptr) == (expected != nullptr));
    if (found != nullptr) {
      REQUIRE(found->seq == expected->seq);
      continue;
    }
    x.add(id, {step, 0}, now);
    model.push_back({id, step, now});
    if (model.size() > 20) model.pop_front();
    REQUIRE(x.size() == model.size());
    if (random() % 8 > 0) continue;
    REQUIRE_FALSE(x.take_back("another"));
    REQUIRE(x.take_back(id));
    model.pop_back();
  }
}
