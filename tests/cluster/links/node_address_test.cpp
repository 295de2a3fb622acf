#include "actors/cluster/links/node_address.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("an address of a node is a host and a port") {
  for (auto* text : {"127.0.0.1:4700", "[::1]:4700", "node-2.internal:1", "h:0"}) {
    auto x = parse_node_address(text);
    REQUIRE(x);
    CHECK(to_string(*x) == text);
  }
  CHECK(parse_node_address("[::1]:4700")->host == "::1");
  for (auto* text :
       {"", ":", ":1", "host", "host:", "host:x", "host:1x", "host:-1", "host:65536", "::1:4700"}) {
    INFO(text);
    CHECK_FALSE(parse_node_address(text));
  }
}
