#include "actors/cluster/holder_table.hpp"

#include <catch2/catch_test_macros.hpp>

using weir::holder_table;
using state = holder_table::state;

TEST_CASE("what is known of a node's life counts until its lease ends") {
  holder_table x;
  CHECK(x.find("n1/7", 0) == state::unknown);
  x.set_alive("n1/7", 100);
  CHECK(x.find("n1/7", 99) == state::alive);
  CHECK(x.until_ms("n1/7") == 100);
  CHECK(x.find("n1/7", 100) == state::unknown);
  CHECK(x.find("n2/7", 50) == state::unknown);
}

TEST_CASE("a life that is not known may be the next one, and is looked for") {
  holder_table x;
  x.set_alive("n1/7", 100); // it has ended in order since, and the node was started again
  CHECK(x.find("n1/8", 50) == state::unknown);
  x.set_alive("n1/8", 150);
  x.set_gone("n1/7", 100);
  CHECK(x.find("n1/7", 50) == state::gone);
  CHECK(x.find("n1/8", 50) == state::alive);
  CHECK(x.until_ms("n1/8") == 150);
}

TEST_CASE("that one life has lapsed says nothing of the next") {
  holder_table x;
  x.set_gone("n1/7", 100);
  CHECK(x.find("n1/7", 50) == state::gone);
  CHECK(x.find("n1/8", 50) == state::unknown);
  CHECK(x.find("n1/7", 100) == state::unknown);
}
