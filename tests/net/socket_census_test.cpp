#include "net/socket_census.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

TEST_CASE("an address has as many sockets as it may have, and another one its own") {
  socket_census census{{0, 2, 0}};
  socket_census::time_point now{};
  CHECK_FALSE(census.enter("a", now).refused());
  CHECK_FALSE(census.enter("a", now).refused());
  auto no = census.enter("a", now);
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "quota");
  CHECK(no.scope == "address");
  CHECK(no.depth == 2);
  CHECK_FALSE(census.enter("b", now).refused());
  census.leave("a");
  CHECK_FALSE(census.enter("a", now).refused());
  CHECK(census.sockets() == 3);
}

TEST_CASE("above the descriptors that clients may have nobody is let in") {
  socket_census census{{2, 0, 0}};
  socket_census::time_point now{};
  census.enter("a", now);
  census.enter("b", now);
  auto no = census.enter("c", now);
  CHECK(no.status == code::unavailable);
  CHECK(no.scope == "node");
  census.leave("a");
  CHECK_FALSE(census.enter("c", now).refused());
}

TEST_CASE("an address opens so many sockets in a second, and is forgotten when it is quiet") {
  socket_census census{{0, 0, 5}};
  socket_census::time_point now{};
  for (int i = 0; i < 5; ++i) {
    CHECK_FALSE(census.enter("a", now).refused());
    census.leave("a");
  }
  auto no = census.enter("a", now);
  CHECK(no.reason == "rate");
  CHECK(no.retry_after_ms == 200);
  CHECK_FALSE(census.enter("b", now).refused());
  CHECK(census.addresses() == 2);
  CHECK_FALSE(census.enter("a", now + 400ms).refused());
  census.leave("a");
  CHECK_FALSE(census.enter("b", now + 5s).refused());
  CHECK(census.addresses() == 1);
}

TEST_CASE("without a rate nothing is kept of an address that has gone") {
  socket_census census{{0, 10, 0}};
  socket_census::time_point now{};
  for (int i = 0; i < 1000; ++i) {
    auto address = std::to_string(i);
    census.enter(address, now);
    census.leave(address);
  }
  CHECK(census.addresses() == 0);
  CHECK(census.sockets() == 0);
}
