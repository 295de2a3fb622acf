#include "actors/cluster/links/dial_book.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

using addresses = std::vector<std::string>;

constexpr backoff retry{100ms, 1000ms, 2.0, 0.0};
const dial_book::time_point start{};

} // namespace

TEST_CASE("a seed is dialled again with growing delays, for ever") {
  dial_book book{"a:1", retry, 1};
  book.add_seed("b:1", start);
  auto now = start;
  CHECK(book.take_due(now) == addresses{"b:1"});
  CHECK(book.take_due(now).empty()); // it is under way
  book.failed("b:1", now);
  CHECK(book.next_due() == now + 100ms);
  for (int i = 0; i < 100; ++i) {
    now = *book.next_due();
    CHECK(book.take_due(now) == addresses{"b:1"});
    book.failed("b:1", now);
  }
  CHECK(book.next_due() == now + 1000ms);
}

TEST_CASE("an address that another node told of is forgotten after many failures") {
  dial_book book{"a:1", retry, 1};
  book.learn("b:1", start);
  auto now = start;
  for (std::uint32_t i = 0; i < dial_book::max_failures; ++i) {
    REQUIRE(book.next_due());
    now = std::max(now, *book.next_due());
    CHECK(book.take_due(now) == addresses{"b:1"});
    book.failed("b:1", now);
  }
  CHECK_FALSE(book.next_due());
}

TEST_CASE("no node dials itself") {
  dial_book book{"a:1", retry, 1};
  book.add_seed("a:1", start);
  book.learn("a:1", start);
  CHECK_FALSE(book.next_due());
  CHECK(book.is_settled());
}

TEST_CASE("of two nodes the one with the higher address waits for the other one's call") {
  dial_book lower{"a:1", retry, 1}, higher{"b:1", retry, 1};
  lower.learn("b:1", start);
  higher.learn("a:1", start);
  CHECK(lower.take_due(start) == addresses{"b:1"});
  CHECK(higher.take_due(start).empty());
  CHECK(higher.take_due(start + dial_book::courtesy) == addresses{"a:1"});
  higher.connected("a:1", start);
  CHECK_FALSE(higher.next_due());
  higher.lost("a:1", start);
  CHECK(higher.next_due() == start + 100ms + dial_book::courtesy);
}

TEST_CASE("addresses that were told of are bounded, seeds are not among them") {
  dial_book book{"a:1", retry, 1};
  for (int i = 0; i < 200; ++i) book.learn("b:" + std::to_string(i), start);
  CHECK(book.take_due(start).size() == dial_book::max_learned);
  book.add_seed("z:1", start);
  CHECK(book.take_due(start) == addresses{"z:1"});
}

TEST_CASE("the first round is over when each seed has been reached or has failed") {
  dial_book book{"a:1", retry, 1};
  book.add_seed("b:1", start);
  book.add_seed("c:1", start);
  book.learn("d:1", start);
  CHECK(book.take_due(start).size() == 3);
  book.connected("b:1", start);
  CHECK_FALSE(book.is_settled());
  book.busy("c:1", start); // is to be asked again
  CHECK_FALSE(book.is_settled());
  book.failed("c:1", start);
  CHECK(book.is_settled());
}
