#include "actors/models/remote/remote_links.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <map>
#include <random>

using namespace weir;
using namespace std::chrono_literals;

namespace {

using names = std::vector<std::string>;
using verdict = remote_links::verdict;

/// Links to some nodes, and a clock.
struct links : remote_links {
  explicit links(const names& all, bounds limits = {}) : remote_links(limits) {
    for (auto& x : all) add(x);
  }

  /// Who is asked for this namespace; empty: nobody.
  std::string first_of(const std::string& ns, const names& asked = {}, std::uint64_t bytes = 1) const {
    auto out = choose("m/" + ns, bytes, asked, now);
    return std::holds_alternative<std::string>(out) ? std::get<std::string>(out) : "";
  }

  verdict why_not(const names& asked = {}, std::uint64_t bytes = 1) const {
    return std::get<verdict>(choose("m/demo", bytes, asked, now));
  }

  time_point now = time_point{} + 1h;
};

} // namespace

TEST_CASE(
    "a namespace's calls go to one node, those of many to all, and a node that goes moves only its own") {
  links all{{"n1", "n2", "n3"}}, rest{{"n1", "n3"}};
  std::map<std::string, int> share;
  for (int i = 0; i < 300; ++i) {
    auto ns = "ns" + std::to_string(i);
    auto first = all.first_of(ns);
    CHECK(all.first_of(ns) == first);
    ++share[first];
    if (first != "n2")
      CHECK(rest.first_of(ns) == first);
    else
      CHECK(rest.first_of(ns) == all.first_of(ns, {"n2"})); // the next in rank
  }
  for (auto& x : share) CHECK(x.second > 50);
  CHECK(share.size() == 3);
}

TEST_CASE("who has been asked is not asked again, and it is said why nobody can be") {
  links none{{}};
  CHECK(none.why_not() == verdict::no_node);
  links two{{"n1", "n2"}};
  auto first = two.first_of("demo"), second = two.first_of("demo", {first});
  CHECK(first != second);
  CHECK(two.why_not({first, second}) == verdict::all_asked);
}

TEST_CASE("a node has no more requests than it may, and those that it does not read count after their end") {
  links all{{"n1", "n2"}, {2, 1000, 1s}};
  auto first = all.first_of("demo"), second = all.first_of("demo", {first});
  all.on_sent(first, 1, 10, all.now);
  all.on_sent(first, 2, 10, all.now);
  CHECK(all.first_of("demo") == second); // full: the next in rank
  CHECK(all.why_not({second}) == verdict::full);
  all.on_over(1); // given up, but it lies there unread
  CHECK(all.why_not({second}) == verdict::full);
  CHECK(all.unanswered() == 2);
  CHECK(all.unread_bytes() == 20);
  all.on_word(1);
  CHECK(all.first_of("demo") == first);
  all.on_word(2); // read, and not answered
  CHECK(all.unread_bytes() == 0);
  CHECK(all.unanswered() == 1);
  all.on_over(2);
  all.on_over(2);
  CHECK(all.unanswered() == 0);
}

TEST_CASE("a node has no more unread bytes than it may, except of one request that is larger by itself") {
  links all{{"n1"}, {100, 1000, 1s}};
  CHECK(all.first_of("demo", {}, 5000) == "n1");
  all.on_sent("n1", 1, 600, all.now);
  CHECK(all.first_of("demo", {}, 400) == "n1");
  CHECK(all.why_not({}, 401) == verdict::full);
  all.on_word(1);
  CHECK(all.first_of("demo", {}, 401) == "n1");
}

TEST_CASE("a node that reads nothing is asked only when there is no other, until it speaks") {
  links all{{"n1", "n2"}, {100, 1000, 1s}};
  auto first = all.first_of("demo"), second = all.first_of("demo", {first});
  all.on_sent(first, 1, 10, all.now);
  all.now += 999ms;
  CHECK(all.first_of("demo") == first);
  CHECK(all.unread_too_long(all.now).empty());
  all.now += 1ms;
  CHECK(all.first_of("demo") == second);
  CHECK(all.first_of("demo", {second}) == first); // better than nobody
  CHECK_FALSE(all.choose_awake("m/demo", 1, {second}, all.now));
  CHECK(all.unread_too_long(all.now) == std::vector<std::uint64_t>{1});
  all.on_word(1);
  CHECK(all.first_of("demo") == first);
}

TEST_CASE("what was on its way to a node goes with it") {
  links all{{"n1", "n2"}};
  all.on_sent("n1", 1, 10, all.now);
  all.on_sent("n2", 2, 20, all.now);
  all.remove("n1");
  CHECK(all.unanswered() == 1);
  CHECK(all.unread_bytes() == 20);
  all.on_word(1);
  all.on_over(1);
  all.add("n1"); // it is back, with nothing
  CHECK(all.unanswered() == 1);
  CHECK(all.nodes() == 2);
}

TEST_CASE("whatever happens in whatever order, nothing is left once all is read and over") {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    std::mt19937 random{seed};
    links all{{"n1", "n2", "n3"}, {20, 500, 1s}};
    std::vector<std::uint64_t> words, ends;
    std::uint64_t number = 0;
    auto take_any = [&random](std::vector<std::uint64_t>& from) {
      std::swap(from[random() % from.size()], from.back());
      auto out = from.back();
      from.pop_back();
      return out;
    };
    for (int step = 0; step < 2000; ++step) {
      all.now += std::chrono::milliseconds{random() % 50};
      auto what = random() % 100;
      if (what < 50) {
        auto bytes = random() % 100;
        auto to = all.choose("m/ns" + std::to_string(random() % 9), bytes, {}, all.now);
        if (auto* node = std::get_if<std::string>(&to)) {
          all.on_sent(*node, ++number, bytes, all.now);
          words.push_back(number);
          ends.push_back(number);
        }
      } else if (what < 72 && !words.empty())
        all.on_word(take_any(words));
      else if (what < 94 && !ends.empty())
        all.on_over(take_any(ends));
      else if (what == 99) {
        all.remove("n2");
        all.add("n2");
      }
      REQUIRE(all.unanswered() <= 3 * 20);
      REQUIRE(all.unread_bytes() <= 3 * 500);
    }
    for (auto x : words) all.on_word(x);
    for (auto x : ends) all.on_over(x);
    CHECK(all.unanswered() == 0);
    CHECK(all.unread_bytes() == 0);
    CHECK(all.unread_too_long(all.now + 1h).empty());
  }
}

TEST_CASE("a node that retires is asked for nothing more, and owes what it has") {
  remote_links links{{}};
  for (auto* x : {"n1", "n2"}) links.add(x);
  auto first = std::get<std::string>(links.choose("k", 1, {}, {}));
  links.on_sent(first, 1, 10, {});
  links.retire(first);
  auto other = first == "n1" ? "n2" : "n1";
  CHECK(std::get<std::string>(links.choose("k", 1, {}, {})) == other);
  CHECK(std::get<remote_links::verdict>(links.choose("k", 1, {other}, {}))
        == remote_links::verdict::all_asked);
  CHECK(links.unanswered() == 1);
  links.retire(other);
  CHECK(std::get<remote_links::verdict>(links.choose("k", 1, {}, {})) == remote_links::verdict::no_node);
}
