#include "actors/cluster/place_table.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>

using weir::owner_of;

namespace {

std::vector<std::string> nodes(int n) {
  std::vector<std::string> out;
  for (int i = 1; i <= n; ++i) out.push_back("n" + std::to_string(i));
  return out;
}

std::string name(int i) { return "tenant-" + std::to_string(i); }

constexpr int names = 10'000;

} // namespace

TEST_CASE("without nodes a namespace has no owner") { CHECK(owner_of("demo", {}) == 0); }

TEST_CASE("the owner does not depend on the order in which the nodes are known") {
  for (int i = 0; i < 100; ++i) {
    std::vector<std::string> some{"a", "b", "c"}, others{"c", "a", "b"};
    CHECK(some[owner_of(name(i), some)] == others[owner_of(name(i), others)]);
  }
}

TEST_CASE("nodes own about as many namespaces each, though their names differ in one letter") {
  auto all = nodes(5);
  std::map<std::size_t, int> counts;
  for (int i = 0; i < names; ++i) ++counts[owner_of(name(i), all)];
  REQUIRE(counts.size() == 5);
  for (auto& [node, n] : counts) {
    CHECK(n > names / 5 * 9 / 10);
    CHECK(n < names / 5 * 11 / 10);
  }
}

TEST_CASE("a node that comes takes its share, and nothing moves between the others") {
  auto before = nodes(4), after = nodes(5);
  int moved = 0;
  for (int i = 0; i < names; ++i) {
    auto is = owner_of(name(i), after);
    if (is == owner_of(name(i), before)) continue;
    ++moved;
    CHECK(after[is] == "n5");
  }
  CHECK(moved > names / 5 * 9 / 10);
  CHECK(moved < names / 5 * 11 / 10);
}

TEST_CASE("the owner is the same in every version") {
  // Nodes of different versions must agree, and data on disk stays where it is.
  std::string owners;
  for (int i = 0; i < 16; ++i) owners += std::to_string(owner_of(name(i), nodes(3)));
  CHECK(owners == "1120210020110120");
}

TEST_CASE("a node that asks by way of another has to have a link of its own") {
  std::string host(40, 'a');
  auto self = *caf::make_node_id(1, host), asking = *caf::make_node_id(2, host);
  auto third = *caf::make_node_id(3, host);
  CHECK(weir::has_link(asking, {third, self}, self));
  CHECK_FALSE(weir::has_link(asking, {third}, self));
  CHECK_FALSE(weir::has_link(asking, {}, self));
  CHECK(weir::has_link(self, {}, self));
}
