#include "actors/namespace/type_index.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

std::vector<std::uint64_t> all(const type_index& x, const std::vector<std::string>& patterns,
                               std::size_t max = 100) {
  std::vector<std::uint64_t> out;
  auto found = x.find(patterns, max);
  REQUIRE(found);
  for (auto& places : *found) out.insert(out.end(), places.begin(), places.end());
  return out;
}

using list = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("the events of a type are found, and of no other that begins like it") {
  type_index x;
  x.add("room.1", 1);
  x.add("room.10", 2);
  x.add("room.1", 3);
  x.add("room.1.typing", 4);
  CHECK(all(x, {"room.1"}) == list{1, 3});
  CHECK(all(x, {"room.1.*"}) == list{4});
  CHECK(all(x, {"room.*"}) == list{1, 3, 2});
  CHECK(all(x, {"room.>"}) == list{1, 3, 4, 2});
  CHECK(all(x, {"room"}).empty());
  CHECK(all(x, {}).empty());
}

TEST_CASE("a type that several patterns match is found once") {
  type_index x;
  x.add("a.b", 1);
  CHECK(all(x, {"a.b", "a.*", ">"}) == list{1});
}

TEST_CASE("more types than asked for are not listed") {
  type_index x;
  for (std::uint64_t i = 1; i <= 5; ++i) x.add("a." + std::to_string(i), i);
  CHECK(x.find({"a.*"}, 5));
  CHECK_FALSE(x.find({"a.*"}, 4));
}

TEST_CASE("what is gone is not found, and takes no room") {
  type_index x;
  for (std::uint64_t i = 1; i <= 1000; ++i) x.add(i % 2 == 0 ? "even" : "odd", i);
  for (std::uint64_t i = 1; i <= 998; ++i) x.drop_oldest(i % 2 == 0 ? "even" : "odd");
  CHECK(all(x, {"odd"}) == list{999});
  CHECK(all(x, {"even"}) == list{1000});
  x.drop_oldest("odd");
  CHECK(all(x, {"odd"}).empty());
  CHECK(x.types() == 1);
}
