#include "actors/messages/log_filter.hpp"
#include "actors/namespace/event_log.hpp"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <random>

using namespace weir;

namespace {

delivery make(std::uint64_t seq, std::string type, std::int64_t ts_ms = 0, std::string to = {}) {
  event x;
  x.seq = seq;
  x.type = std::move(type);
  x.client_id = "alice";
  x.message_id = std::to_string(seq);
  x.to = std::move(to);
  x.ts_ms = ts_ms;
  x.data = "null";
  return {std::make_shared<const event>(std::move(x)), nullptr};
}

std::vector<std::uint64_t> seqs(const log_slice& x) {
  std::vector<std::uint64_t> out;
  for (auto& y : x.deliveries) out.push_back(y.what->seq);
  return out;
}

event_log filled(std::uint64_t events, event_log::bounds limits = {}) {
  event_log out(limits);
  for (std::uint64_t i = 1; i <= events; ++i) out.append(make(i, i % 2 ? "odd.x" : "even.x"));
  return out;
}

using list = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("an empty log says so") {
  event_log x({});
  auto got = x.read({{">"}, "", 0, 0, 10});
  CHECK(got.deliveries.empty());
  CHECK(got.first_kept == 1);
  CHECK(got.head == 0);
  CHECK(got.read_to == 0);
}

TEST_CASE("a forward read gives matching events in order and says how far it looked") {
  auto x = filled(10);
  auto got = x.read({{"odd.*"}, "", 2, 0, 3});
  CHECK(seqs(got) == list{3, 5, 7});
  CHECK(got.read_to == 7);
  CHECK(got.head == 10);
  got = x.read({{"odd.*"}, "", 7, 0, 3});
  CHECK(seqs(got) == list{9});
  CHECK(got.read_to == 10);
}

TEST_CASE("a forward read ends when it has a mebibyte") {
  event_log x({});
  event large;
  large.type = "a";
  large.data = '"' + std::string(60'000, 'x') + '"';
  for (large.seq = 1; large.seq <= 100; ++large.seq)
    x.append({std::make_shared<const event>(large), nullptr});
  auto got = x.read({{">"}, "", 0, 0, 256});
  CHECK(got.deliveries.size() == 18);
  CHECK(got.read_to == 18);
}

TEST_CASE("a backward read gives the newest events before a seq, in order") {
  auto x = filled(10);
  CHECK(seqs(x.read({{"even.*"}, "", 0, 8, 2})) == list{4, 6});
  CHECK(seqs(x.read({{"even.*"}, "", 0, 99, 2})) == list{8, 10});
  CHECK(seqs(x.read({{">"}, "", 0, 1, 2})).empty());
}

TEST_CASE("events for one client are read by that client and by the server") {
  event_log x({});
  x.append(make(1, "a", 0, "bob"));
  x.append(make(2, "a"));
  CHECK(seqs(x.read({{"a"}, "bob", 0, 0, 9})) == list{1, 2});
  CHECK(seqs(x.read({{"a"}, "carol", 0, 0, 9})) == list{2});
  CHECK(seqs(x.read({{"a"}, "", 0, 0, 9})) == list{1, 2});
}

TEST_CASE("the log trims its oldest events by count, by bytes and by age") {
  SECTION("count") {
    auto x = filled(10, {4, 1 << 20});
    CHECK(x.size() == 4);
    CHECK(x.first_kept() == 7);
    CHECK(x.trimmed() == 6);
    CHECK(x.at(6) == nullptr);
    CHECK(x.at(7)->what->seq == 7);
    CHECK(x.at(11) == nullptr);
    CHECK(seqs(x.read({{">"}, "", 0, 0, 9})) == list{7, 8, 9, 10});
  }
  SECTION("bytes") {
    auto one = make(1, "odd.x").what->size_bytes();
    auto x = filled(10, {100, one * 3 + 10});
    CHECK(x.size() == 3);
    CHECK(x.bytes() <= one * 3 + 10);
  }
  SECTION("what the store has trimmed") {
    auto x = filled(3);
    x.drop_before(2);
    CHECK(x.first_kept() == 2);
    x.drop_before(4);
    CHECK(x.size() == 0);
    CHECK(x.first_kept() == 4);
    CHECK(x.head() == 3);
  }
}

namespace {

/// What a read of all events, one after the other, gives.
list look_at_all(const event_log& log, const log_request& what) {
  list out;
  for (auto seq = log.first_kept(); seq <= log.head(); ++seq) {
    auto& x = *log.at(seq)->what;
    auto in = what.before_seq > 0 ? seq < what.before_seq : seq > what.after_seq;
    if (in && wanted(what, x.type, x.to)) out.push_back(seq);
  }
  if (out.size() > what.limit) {
    if (what.before_seq > 0)
      out.erase(out.begin(), out.end() - what.limit);
    else
      out.resize(what.limit);
  }
  return out;
}

} // namespace

TEST_CASE("a read by types gives what a look at all events gives") {
  std::minstd_rand random{GENERATE(1U, 2U, 3U)};
  auto below = [&random](std::uint32_t n) { return static_cast<std::uint32_t>(random() % n); };
  auto types = GENERATE(3U, 50U, 200U); // fewer and more than a reader is given by type
  event_log x({.events = 300});
  for (std::uint64_t seq = 1; seq <= 1000; ++seq) {
    x.append(make(seq, "a." + std::to_string(below(types)), 0, below(8) == 0 ? "bob" : ""));
    if (seq % 10 != 0) continue;
    log_request what;
    for (auto n = below(4); n > 0; --n)
      what.patterns.push_back(below(10) == 0 ? "a.*" : "a." + std::to_string(below(types)));
    if (below(4) == 0) what.patterns.push_back(">");
    what.client_id = below(2) == 0 ? "alice" : "";
    (below(2) == 0 ? what.before_seq : what.after_seq) = below(1100);
    what.limit = below(20);
    auto got = x.read(what);
    auto expected = look_at_all(x, what);
    REQUIRE(seqs(got) == expected);
    REQUIRE(got.first_kept == x.first_kept());
    if (what.before_seq > 0) continue;
    if (what.limit == 0)
      REQUIRE(got.read_to == std::max(x.first_kept() - 1, what.after_seq));
    else if (expected.size() == what.limit)
      REQUIRE(got.read_to == expected.back());
    else
      REQUIRE(got.read_to == std::max(x.head(), what.after_seq));
  }
}
