#include "net/guest_book.hpp"

#include <catch2/catch_test_macros.hpp>

#include <random>
#include <vector>

using namespace weir;

using place_ptr = std::unique_ptr<guest_book::place>;

TEST_CASE("an address that fills the book leaves room for another") {
  guest_book book{10};
  std::vector<place_ptr> noisy;
  std::vector<int> evicted;
  for (int i = 0; i < 10; ++i) {
    noisy.push_back(book.enter("10.0.0.1"));
    REQUIRE(noisy.back());
    noisy.back()->evict_by([&evicted, i] { evicted.push_back(i); });
  }
  CHECK_FALSE(book.enter("10.0.0.1"));
  CHECK(evicted.empty());
  auto honest = book.enter("10.0.0.2");
  REQUIRE(honest);
  CHECK(evicted == std::vector<int>{0}); // the one that took longest
  CHECK(book.size() == 10);
  CHECK(book.size_of("10.0.0.1") == 9);
  noisy.clear();
  CHECK(book.size() == 1);
  CHECK(book.evicted() == 1);
}

TEST_CASE("addresses come to equal shares of a full book, and no further") {
  guest_book book{9};
  std::vector<place_ptr> places;
  for (int i = 0; i < 9; ++i) places.push_back(book.enter("a"));
  for (auto* address : {"b", "c"})
    for (int i = 0; i < 9; ++i)
      if (auto place = book.enter(address)) places.push_back(std::move(place));
  CHECK(book.size() == 9);
  CHECK(book.size_of("a") >= 3);
  CHECK(book.size_of("b") >= 2);
  CHECK(book.size_of("c") >= 2);
  CHECK_FALSE(book.enter("a"));
}

TEST_CASE("a guest that is told to go may let go of its place at once") {
  guest_book book{3};
  std::vector<place_ptr> places(3);
  for (auto& x : places) {
    x = book.enter("a");
    x->evict_by([&x] { x.reset(); });
  }
  auto other = book.enter("b");
  CHECK(other);
  CHECK(book.size_of("a") == 2);
}

TEST_CASE("a book is as full as it says, whoever comes and goes") {
  auto seed = std::random_device{}();
  INFO("seed " << seed);
  std::minstd_rand random{seed};
  guest_book book{20};
  std::vector<std::pair<std::string, place_ptr>> in;
  for (int step = 0; step < 5000; ++step) {
    auto address = std::to_string(random() % 6);
    if (random() % 3 > 0) {
      auto before = book.evicted();
      auto place = book.enter(address);
      CHECK((place || book.evicted() == before));
      if (place) in.emplace_back(address, std::move(place));
    } else if (!in.empty()) {
      in.erase(in.begin() + static_cast<std::ptrdiff_t>(random() % in.size()));
    }
    std::size_t sum = 0;
    for (int i = 0; i < 6; ++i) sum += book.size_of(std::to_string(i));
    REQUIRE(sum == book.size());
    REQUIRE(book.size() <= 20);
  }
}
