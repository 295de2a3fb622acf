#include "net/feed.hpp"

#include "actors/event/pattern.hpp"
#include "actors/namespace/event_log.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <random>

using namespace weir;

namespace {

struct sink : feed_sink {
  std::size_t room = 1000;
  std::vector<std::uint64_t> seqs; // 0: ephemeral
  std::vector<std::string> told;

  bool take_event(const delivery& what) override {
    if (room == 0) return false;
    --room;
    seqs.push_back(what.what->seq);
    return true;
  }
  void take_gap(std::uint64_t from, std::uint64_t to, std::string_view reason) override {
    told.push_back(std::string{reason} + " " + std::to_string(from) + "-" + std::to_string(to));
  }
  void take_caught_up(std::uint64_t seq) override { told.push_back("caught_up " + std::to_string(seq)); }
};

delivery event_of(std::uint64_t seq, std::string type = "a") {
  event x;
  x.seq = seq;
  x.type = std::move(type);
  return {std::make_shared<const event>(std::move(x)), nullptr};
}

struct bench {
  sink out;
  feed fed;
  event_log log{{100, 1 << 20}};
  std::optional<std::uint64_t> lagged;

  bench() {
    fed.on_attached("e1", 0, out);
    fed.add("a", 0, 0);
  }

  void publish(std::string type = "a") {
    auto x = event_of(log.head() + 1, type);
    log.append(x);
    if (type != "a") return; // the relay does not push it
    if (auto seq = fed.on_push(x, out)) lagged = seq;
  }

  void drain(std::size_t room) {
    out.room = room;
    while (auto what = fed.on_room(out)) {
      auto slice = log.read(*what);
      fed.on_slice(slice, out);
      if (out.room == 0) break;
    }
  }
};

using seq_list = std::vector<std::uint64_t>;

} // namespace

TEST_CASE("a live feed passes pushes on") {
  bench b;
  b.publish();
  b.publish("b");
  b.publish();
  CHECK(b.out.seqs == seq_list{1, 3});
  CHECK(b.fed.current() == feed::state::live);
  CHECK_FALSE(b.fed.on_room(b.out));
}

TEST_CASE("what does not fit is read from the log, in order and once") {
  bench b;
  b.out.room = 2;
  for (int i = 0; i < 7; ++i) b.publish();
  CHECK(b.lagged == 2);
  CHECK(b.fed.current() == feed::state::lagging);
  b.drain(2);
  CHECK(b.fed.current() == feed::state::lagging);
  CHECK(b.out.seqs == seq_list{1, 2, 3, 4});
  CHECK(b.out.told.empty());
  b.publish();
  b.drain(10);
  CHECK(b.out.seqs == seq_list{1, 2, 3, 4, 5, 6, 7, 8});
  CHECK(b.out.told == std::vector<std::string>{"caught_up 8"});
  b.publish();
  CHECK(b.out.seqs.back() == 9);
}

TEST_CASE("a push that comes while the log is read is not sent twice") {
  bench b;
  b.out.room = 0;
  b.publish();
  b.out.room = 10;
  auto what = b.fed.on_room(b.out);
  REQUIRE(what);
  CHECK(b.fed.current() == feed::state::reading);
  CHECK_FALSE(b.fed.on_room(b.out)); // one read at a time
  b.publish();                       // before the slice, so it is in it
  b.fed.on_slice(b.log.read(*what), b.out);
  b.publish(); // after it
  CHECK(b.out.seqs == seq_list{1, 2, 3});
}

TEST_CASE("a read that failed is tried again") {
  bench b;
  b.out.room = 0;
  b.publish();
  CHECK(b.fed.on_room(b.out));
  b.fed.on_read_failed();
  b.drain(10);
  CHECK(b.out.seqs == seq_list{1});
}

TEST_CASE("what the log has trimmed meanwhile is told as a gap") {
  bench b;
  b.out.room = 1;
  for (int i = 0; i < 150; ++i) b.publish();
  b.drain(1000);
  CHECK(b.out.told == std::vector<std::string>{"trimmed 2-50", "caught_up 150"});
  CHECK(b.out.seqs.size() == 101);
}

TEST_CASE("ephemeral events that found no room are counted and told, and do not make a connection lag") {
  bench b;
  b.publish();
  b.out.room = 0;
  b.fed.on_push(event_of(0), b.out);
  b.fed.on_push(event_of(0), b.out);
  CHECK(b.fed.current() == feed::state::live);
  CHECK(b.fed.ephemeral_dropped() == 2);
  CHECK_FALSE(b.fed.on_room(b.out));
  CHECK(b.out.told == std::vector<std::string>{"ephemeral_dropped 1-1"});
  b.publish();
  b.fed.on_push(event_of(0), b.out);
  b.drain(5);
  CHECK(b.out.told
        == std::vector<std::string>{"ephemeral_dropped 1-1", "ephemeral_dropped 1-2", "caught_up 2"});
}

TEST_CASE("a subscription that was made while lagging gets nothing older than itself") {
  bench b;
  b.out.room = 0;
  b.publish();
  b.publish("b");
  b.fed.add("b", b.log.head(), b.log.head());
  b.publish("b");
  b.publish();
  b.drain(10);
  CHECK(b.out.seqs == seq_list{1, 3, 4});
}

TEST_CASE("what is unsubscribed while lagging is not read any more") {
  bench b;
  b.out.room = 0;
  b.publish();
  b.fed.remove("a");
  b.drain(10);
  CHECK(b.out.seqs.empty());
  CHECK(b.fed.current() == feed::state::live);
  CHECK(b.out.told == std::vector<std::string>{"caught_up 0"});
}

TEST_CASE("a new epoch is told as a gap, and its events are pushed from its start") {
  bench b;
  b.publish();
  b.publish();
  b.out.room = 0;
  b.publish();
  b.out.room = 10;
  b.fed.on_attached("e2", 0, b.out);
  CHECK(b.out.told == std::vector<std::string>{"epoch 1-0", "caught_up 0"});
  b.fed.on_push(event_of(1), b.out);
  CHECK(b.out.seqs == seq_list{1, 2, 1});
}

TEST_CASE("the same epoch again: what was missed meanwhile is read without a word") {
  bench b;
  b.publish();
  b.log.append(event_of(2)); // nobody pushed it
  b.fed.on_attached("e1", 2, b.out);
  b.drain(10);
  b.publish();
  CHECK(b.out.seqs == seq_list{1, 2, 3});
  CHECK(b.out.told.empty());
}

TEST_CASE("whatever the room, each matching event comes once and in order") {
  auto seed = GENERATE(range(1, 21));
  INFO("seed " << seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  bench b;
  seq_list wanted;
  for (int i = 0; i < 2000; ++i) {
    switch (random() % 4) {
    case 0:
      b.publish("b");
      break;
    case 1:
    case 2:
      b.publish();
      wanted.push_back(b.log.head());
      break;
    default:
      if (random() % 3 == 0)
        b.drain(random() % 8);
      else
        b.out.room += random() % 3;
    }
    if (b.log.head() > b.fed.cursor() + 80) b.drain(200); // never so late that the log is trimmed
  }
  b.drain(10'000);
  CHECK(b.out.seqs == wanted);
}

TEST_CASE("a subscription from the past gets its history, and nothing is sent again for it") {
  bench x;
  x.publish("a");
  x.publish("b");
  x.publish("a");
  x.publish("b");
  CHECK(x.out.seqs == std::vector<std::uint64_t>{1, 3});
  CHECK(x.fed.add("*", 0, x.log.head())); // the third and first match this one, too
  x.drain(10);
  CHECK(x.out.seqs == std::vector<std::uint64_t>{1, 3, 2, 4});
  CHECK(x.out.told.empty()); // the client does not lag
  x.publish("a");
  CHECK(x.out.seqs.back() == 5);
}

TEST_CASE("a subscription from the past gets what came before it and matched nothing else") {
  bench x;
  x.publish("b");
  x.publish("b");
  x.fed.add("b", 0, x.log.head());
  x.drain(10);
  CHECK(x.out.seqs == seq_list{1, 2});
}

TEST_CASE("a read that was asked for before a subscription was made does not stand for it") {
  bench x;
  x.out.room = 0;
  x.publish("a");
  x.out.room = 10;
  auto what = x.fed.on_room(x.out);
  REQUIRE(what);
  auto since = x.log.head();
  x.publish("b");
  CHECK(x.fed.add("b", since, x.log.head()));
  x.drain(10);
  CHECK(x.out.seqs == seq_list{1, 2});
}

TEST_CASE("a subscription that begins in the future gets nothing before") {
  bench x;
  x.fed.add("a", 2, 0);
  x.fed.remove("a");
  x.fed.remove("a");
  x.fed.add("a", 2, 0);
  for (int i = 0; i < 3; ++i) x.publish("a");
  CHECK(x.out.seqs == std::vector<std::uint64_t>{3});
}

TEST_CASE("a session that goes on gets what came since") {
  bench x;
  for (int i = 0; i < 5; ++i) x.publish("a");
  x.out.seqs.clear();
  x.fed.resume(2, 5);
  x.drain(10);
  CHECK(x.out.seqs == std::vector<std::uint64_t>{3, 4, 5});
  CHECK(x.fed.current() == feed::state::live);
}

TEST_CASE("what a full link left out is read from the log, and what no log has is told") {
  bench b;
  b.publish();
  b.log.append(event_of(2));
  b.log.append(event_of(3));
  b.fed.on_left_out({3, 2});
  CHECK(b.fed.current() == feed::state::lagging);
  b.drain(100);
  CHECK(b.fed.current() == feed::state::live);
  CHECK(b.out.seqs == seq_list{1, 2, 3});
  CHECK(b.out.told == std::vector<std::string>{"ephemeral_dropped 1-3"});
  b.publish();
  CHECK(b.out.seqs == seq_list{1, 2, 3, 4});
}

TEST_CASE("a read that is under way when the link is free again is good") {
  bench b;
  b.out.room = 1;
  b.publish();
  b.publish();
  b.out.room = 100;
  auto what = b.fed.on_room(b.out);
  REQUIRE(what);
  b.log.append(event_of(3)); // left out
  b.fed.on_left_out({3, 0});
  CHECK(b.fed.current() == feed::state::reading);
  b.fed.on_slice(b.log.read(*what), b.out); // answered after that
  CHECK(b.out.seqs == seq_list{1, 2, 3});
  CHECK(b.fed.current() == feed::state::live);
}
