#include "actors/core/nearest_word.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("the distance of two words is what must be typed to get from one to the other") {
  CHECK(edit_distance("", "abc") == 3);
  CHECK(edit_distance("abc", "abc") == 0);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("an unknown key is told with the known one that it may have been meant for") {
  CHECK(unknown_key("agnt", {"agent", "sequence"}) == "unknown key, did you mean agent?");
  CHECK(unknown_key("colour", {"agent", "sequence"}) == "unknown key");
  CHECK(unknown_key("x", {}) == "unknown key");
}
