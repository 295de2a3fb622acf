#include "actors/core/namespace_limits.hpp"

#include "net/namespace_census.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("a namespace has its own limits, else those of any namespace, else the node's") {
  limits node, any, own;
  node.burst = 1;
  any.burst = 2;
  own.burst = 3;
  namespace_limits all{node, {{"*", any}, {"demo", own}}};
  CHECK(all.of_node().burst == 1);
  CHECK(all.of("demo").burst == 3);
  CHECK(all.of("other").burst == 2);
  CHECK(namespace_limits{node, {{"demo", own}}}.of("other").burst == 1);
}

TEST_CASE("a namespace's connections are bounded by what it may have, and the others' are not counted in") {
  namespace_census all;
  CHECK_FALSE(all.enter("demo", 2).refused());
  CHECK_FALSE(all.enter("demo", 2).refused());
  auto no = all.enter("demo", 2);
  CHECK(no.reason == "quota");
  CHECK(no.depth == 2);
  CHECK(no.limit == 2);
  CHECK_FALSE(all.enter("other", 1).refused());
  CHECK_FALSE(all.enter("demo", 3).refused()); // it may have more since
  all.leave("demo");
  all.leave("demo");
  CHECK_FALSE(all.enter("demo", 2).refused());
  CHECK(all.enter("none", 0).refused());
}
