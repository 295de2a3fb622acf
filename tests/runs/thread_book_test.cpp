#include "actors/runs/thread_book.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using verdict = thread_book::verdict;
using ids = std::vector<std::string>;

TEST_CASE("the first call of a thread starts, whatever its policy") {
  for (auto policy :
       {busy_policy::concurrent, busy_policy::queue, busy_policy::replace, busy_policy::reject}) {
    thread_book book{2};
    auto got = book.add("r1", "t", policy);
    CHECK(got.what == verdict::start);
    CHECK(got.cancel.empty());
    CHECK_FALSE(book.finished("r1"));
    CHECK(book.threads() == 0);
  }
}

TEST_CASE("concurrent runs of a thread run side by side, and those that queue wait for all of them") {
  thread_book book{4};
  book.add("r1", "t", busy_policy::concurrent);
  CHECK(book.add("r2", "t", busy_policy::concurrent).what == verdict::start);
  CHECK(book.add("r3", "t", busy_policy::queue).what == verdict::wait);
  CHECK(book.add("r4", "t", busy_policy::queue).what == verdict::wait);
  CHECK_FALSE(book.finished("r1"));
  CHECK(book.finished("r2") == "r3");
  CHECK(book.finished("r3") == "r4");
  CHECK_FALSE(book.finished("r4"));
  CHECK(book.threads() == 0);
}

TEST_CASE("threads do not wait for each other") {
  thread_book book{4};
  book.add("r1", "t", busy_policy::queue);
  CHECK(book.add("r2", "u", busy_policy::queue).what == verdict::start);
  CHECK(book.threads() == 2);
}

TEST_CASE("a thread's line is bounded, and the newest is refused") {
  thread_book book{2};
  book.add("r1", "t", busy_policy::queue);
  book.add("r2", "t", busy_policy::queue);
  book.add("r3", "t", busy_policy::queue);
  CHECK(book.add("r4", "t", busy_policy::queue).what == verdict::full);
  CHECK(book.waiting("t") == 2);
  CHECK_FALSE(book.finished("r4")); // it is not there
  CHECK(book.finished("r1") == "r2");
  CHECK(book.add("r5", "t", busy_policy::queue).what == verdict::wait);
}

TEST_CASE("one that rejects is refused while anything of its thread runs or waits") {
  thread_book book{2};
  book.add("r1", "t", busy_policy::queue);
  CHECK(book.add("r2", "t", busy_policy::reject).what == verdict::busy);
  book.finished("r1");
  CHECK(book.add("r3", "t", busy_policy::reject).what == verdict::start);
}

TEST_CASE("one that replaces cancels what runs and what waits, and starts when that is over") {
  thread_book book{4};
  book.add("r1", "t", busy_policy::concurrent);
  book.add("r2", "t", busy_policy::concurrent);
  book.add("r3", "t", busy_policy::queue);
  auto got = book.add("r4", "t", busy_policy::replace);
  CHECK(got.what == verdict::wait);
  CHECK(got.cancel == ids{"r1", "r2", "r3"});
  CHECK_FALSE(book.finished("r3"));
  CHECK_FALSE(book.finished("r1"));
  CHECK(book.finished("r2") == "r4");
}

TEST_CASE("one that replaces can be replaced before it has begun") {
  thread_book book{4};
  book.add("r1", "t", busy_policy::concurrent);
  book.add("r2", "t", busy_policy::replace);
  CHECK(book.add("r3", "t", busy_policy::replace).cancel == ids{"r1", "r2"});
  CHECK_FALSE(book.finished("r2"));
  CHECK(book.finished("r1") == "r3");
}
