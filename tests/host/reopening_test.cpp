#include "actors/host/reopening.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <map>
#include <random>

using weir::reopening;

namespace {

std::string name_of(std::size_t i) {
  auto text = std::to_string(10'000 + i);
  return "ns" + text;
}

} // namespace

TEST_CASE("every namespace of every page is opened once, a few at a time, whatever ends first") {
  auto seed = GENERATE(range(1U, 20U));
  INFO("seed " << seed);
  std::minstd_rand random{seed};
  constexpr std::size_t page = 256;
  auto count = std::vector<std::size_t>{0, 1, 255, 256, 257, 600, 1024}.at(random() % 7);
  reopening x;
  CHECK(x.is_over());
  x.begin();
  std::map<std::string, int> opened;
  std::vector<std::string> open;
  for (std::size_t turns = 0; !x.is_over(); ++turns) {
    REQUIRE(turns < 100'000);
    while (auto name = x.next()) {
      ++opened[*name];
      open.push_back(*name);
      REQUIRE(open.size() <= reopening::max_at_once);
    }
    if (auto after = x.next_page()) {
      if (random() % 4 == 0) {
        x.on_no_page(); // the store was busy
        continue;
      }
      std::vector<std::string> names;
      for (std::size_t i = 0; i < count && names.size() < page; ++i)
        if (name_of(i) > *after) names.push_back(name_of(i));
      auto last = names.size() < page;
      x.on_page(std::move(names), last);
    }
    if (open.empty()) continue;
    auto at = static_cast<std::ptrdiff_t>(random() % open.size());
    CHECK(x.is_opening(open[static_cast<std::size_t>(at)]));
    CHECK(x.done(open[static_cast<std::size_t>(at)]));
    open.erase(open.begin() + at);
  }
  CHECK(opened.size() == count);
  for (auto& [name, times] : opened) CHECK(times == 1);
  CHECK(x.opened() == count);
}

TEST_CASE("who asks again meanwhile is gone through again afterwards, once") {
  reopening x;
  x.begin();
  REQUIRE(x.next_page());
  x.begin();
  x.begin();
  x.on_page({"a"}, true);
  CHECK(x.next() == "a");
  CHECK(x.done("a"));
  CHECK_FALSE(x.is_over());
  CHECK(x.next_page() == "");
  x.on_page({}, true);
  CHECK(x.is_over());
}

TEST_CASE("what was not opened by it is none of its concern") {
  reopening x;
  CHECK_FALSE(x.done("a"));
  CHECK_FALSE(x.next());
  CHECK_FALSE(x.next_page());
}
