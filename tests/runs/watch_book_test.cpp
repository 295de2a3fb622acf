#include "actors/runs/watch_book.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using verdict = watch_book::verdict;

namespace {

struct book_fixture : test::fixture {
  caf::actor relay = own(sys.spawn<test::probe<run_update>>());
  caf::actor other = own(sys.spawn<test::probe<run_update>>());
  watch_book book{2, 3};
};

} // namespace

TEST_CASE_METHOD(book_fixture, "a run has at most so many watchers, and each is counted once") {
  CHECK(book.add("r", {relay, 1}, false) == verdict::added);
  CHECK(book.add("r", {relay, 1}, true) == verdict::added);
  CHECK(book.watchers_of("r") == 1);
  CHECK(book.add("r", {relay, 2}, true) == verdict::added);
  CHECK(book.add("r", {relay, 3}, true) == verdict::run_full);
  CHECK(book.add("r", {relay, 2}, true) == verdict::added); // it is there already
  CHECK(book.remove("r", {relay, 1}));
  CHECK_FALSE(book.remove("r", {relay, 1}));
  CHECK(book.add("r", {relay, 3}, true) == verdict::added);
}

TEST_CASE_METHOD(book_fixture, "a connection watches at most so many runs, and its calls do not count") {
  for (auto* run : {"a", "b", "c"}) CHECK(book.add(run, {relay, 1}, true) == verdict::added);
  CHECK(book.add("d", {relay, 1}, true) == verdict::viewer_full);
  CHECK(book.add("d", {relay, 1}, false) == verdict::added);
  CHECK(book.add("d", {relay, 2}, true) == verdict::added);
  book.finished("a");
  CHECK(book.add("e", {relay, 1}, true) == verdict::added);
}

TEST_CASE_METHOD(book_fixture,
                 "a connection that goes takes its watches along, and the runs that are tied to it") {
  book.add("a", {relay, 1}, true);
  book.add("a", {relay, 2}, true);
  book.add("b", {relay, 1}, false);
  book.tie("b", {relay, 1});
  book.tie("c", {relay, 1}); // it calls, and does not watch any more
  auto left = book.gone(relay, 1);
  REQUIRE(left.watched.size() == 2);
  CHECK(left.watched[0].first == "a");
  CHECK(left.watched[1].first == "b");
  CHECK(left.tied == std::vector<std::string>{"b", "c"});
  CHECK(book.watchers_of("a") == 1);
  CHECK(book.viewers() == 1);
  CHECK(book.gone(relay, 1).watched.empty());
}

TEST_CASE_METHOD(book_fixture, "a run that is tied anew does not go with the connection before") {
  book.tie("a", {relay, 1});
  book.tie("a", {relay, 2});
  CHECK(book.gone(relay, 1).tied.empty());
  CHECK(book.gone(relay, 2).tied == std::vector<std::string>{"a"});
}

TEST_CASE_METHOD(book_fixture, "a relay that goes takes all of its connections along, and no others") {
  book.add("a", {relay, 1}, true);
  book.add("b", {relay, 7}, true);
  book.add("b", {other, 1}, true);
  CHECK(book.gone(relay, 0).watched.size() == 2);
  CHECK(book.watchers_of("b") == 1);
  CHECK(book.viewers() == 1);
}

TEST_CASE_METHOD(book_fixture, "nothing is left of a run that is over") {
  book.add("a", {relay, 1}, true);
  book.tie("a", {relay, 2});
  book.finished("a");
  CHECK(book.viewers() == 0);
  CHECK(book.watchers_of("a") == 0);
  book.finished("a");
}
