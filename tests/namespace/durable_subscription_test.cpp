#include "actors/namespace/durable_subscription.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <set>

using namespace weir;

namespace {

class subscription_fixture {
public:
  event_log log{{5, 1 << 20}};
  durable_subscription sub{"agent.a", {"a.*"}, 0};

  subscription_fixture() { sub.join("m", 2); }

  void append(std::string type) {
    event x;
    x.seq = log.head() + 1;
    x.type = std::move(type);
    log.append({std::make_shared<const event>(std::move(x)), nullptr});
  }

  /// The seqs that it offers now, with `!` behind a second attempt.
  std::string offered() {
    std::string out;
    while (true) {
      while (auto x = sub.next(log, now_ms))
        out += (out.empty() ? "" : " ") + std::to_string(x->what.what->seq) + (x->what.attempt > 1 ? "!" : "")
               + (x->member == "m" ? "" : x->member);
      auto wanted = sub.wants_read(log);
      if (!wanted) return out;
      sub.on_read(log.read(*wanted));
    }
  }

  std::int64_t now_ms = 0;
};

} // namespace
TEST_CASE_METHOD(subscription_fixture, "a subscription offers matching events up to its window") {
  for (auto* x : {"a.1", "b.1", "a.2", "a.3"}) append(x);
  CHECK(offered() == "1 3");
  CHECK(sub.settle(1, "m"));
  CHECK(!sub.settle(1, "m"));
  CHECK(!sub.settle(4, "m"));
  CHECK(offered() == "4");
  CHECK(sub.in_hand() == 2);
}

TEST_CASE_METHOD(subscription_fixture,
                 "what a crashed subscriber had in hand is offered once more, then is dead") {
  for (auto* x : {"a.1", "a.2", "a.3"}) append(x);
  CHECK(offered() == "1 2");
  CHECK(sub.settle(1, "m"));
  CHECK(sub.leave("m", true).empty());
  sub.join("m", 2);
  CHECK(offered() == "2! 3");
  auto dead = sub.leave("m", true);
  sub.join("m", 2);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].what->seq == 2);
  CHECK(dead[0].attempt == 2);
  CHECK(offered() == "3!");
}

TEST_CASE_METHOD(subscription_fixture, "a subscriber that was stopped loses no attempt") {
  append("a.1");
  CHECK(offered() == "1");
  CHECK(sub.leave("m", false).empty());
  sub.join("m", 2);
  CHECK(offered() == "1");
}

TEST_CASE_METHOD(subscription_fixture, "events that were trimmed before they were offered are counted") {
  for (int i = 0; i < 8; ++i) append("a.x");
  CHECK(offered() == "4 5");
  CHECK(sub.missed() == 3);
}

TEST_CASE_METHOD(subscription_fixture, "the members of a group take turns, each up to its window") {
  sub.join("n", 1);
  for (int i = 0; i < 5; ++i) append("a.x");
  CHECK(offered() == "1 2n 3");
  CHECK(!sub.settle(2, "m"));
  CHECK(sub.settle(2, "n"));
  CHECK(offered() == "4n");
}

TEST_CASE_METHOD(subscription_fixture, "what a member gives back goes to another one, after its delay") {
  sub.join("n", 2);
  append("a.x");
  CHECK(offered() == "1");
  CHECK(!sub.give_back(1, "m", 50));
  CHECK(offered() == "");
  CHECK(sub.next_due_ms(0) == 50);
  now_ms = 50;
  CHECK(offered() == "1!n");
  auto dead = sub.give_back(1, "n", 0);
  REQUIRE(dead);
  CHECK(dead->attempt == 2);
  CHECK(offered() == "");
}

TEST_CASE_METHOD(subscription_fixture,
                 "what a member that is gone had in hand goes to the others, as redelivered") {
  sub.join("n", 2);
  append("a.x");
  CHECK(offered() == "1");
  CHECK(sub.leave("m", true).empty());
  auto x = sub.next(log, 0);
  REQUIRE(x);
  CHECK(x->member == "n");
  CHECK(x->what.redelivered);
}

TEST_CASE_METHOD(subscription_fixture, "a successor goes on from the snapshot, with what was not settled") {
  for (int i = 0; i < 4; ++i) append("a.x");
  CHECK(offered() == "1 2");
  sub.settle(2, "m");
  CHECK(offered() == "3");
  auto text = sub.snapshot();
  durable_subscription next{"agent.a", {"a.*"}, 99};
  next.restore(text);
  sub = next;
  sub.join("m", 9);
  CHECK(sub.is_past(2));
  CHECK(!sub.is_past(1));
  append("a.x");
  CHECK(offered() == "1 3 4 5");
  CHECK_THROWS(sub.restore("nonsense"));
}

TEST_CASE_METHOD(subscription_fixture, "a dead letter can be tried again") {
  append("a.x");
  CHECK(offered() == "1");
  sub.leave("m", true);
  sub.join("m", 1);
  CHECK(offered() == "1!");
  auto dead = sub.leave("m", true);
  REQUIRE(dead.size() == 1);
  sub.join("m", 1);
  CHECK(offered() == "");
  sub.retry(dead[0].what);
  CHECK(offered() == "1");
}

TEST_CASE("while many events wait to be tried again, the log holds the others") {
  event_log log{{5000, 1 << 24}};
  durable_subscription sub{"q", {">"}, 0};
  sub.join("m", 10);
  for (std::uint64_t seq = 1; seq <= 3000; ++seq) {
    event x;
    x.seq = seq;
    x.type = "a";
    log.append({std::make_shared<const event>(std::move(x)), nullptr});
  }
  std::size_t given_back = 0;
  while (auto x = sub.next(log, 0)) {
    CHECK(!sub.give_back(x->what.what->seq, "m", 1000));
    ++given_back;
  }
  CHECK(given_back == durable_subscription::max_again);
  CHECK(sub.cursor() == durable_subscription::max_again);
  REQUIRE(sub.next(log, 1000));
}

// -- who may see an event

namespace {

class group_fixture {
public:
  event_log log{{2000, 1 << 24}};
  durable_subscription sub{"queue g dm.*", {"dm.*"}, 0};
  std::int64_t now_ms = 0;

  void join(const std::string& client, std::uint32_t window = 4, std::int64_t ack_timeout_ms = 0) {
    if (!sub.has("s-" + client)) sub.enrol(client);
    sub.join("s-" + client, {window, client, ack_timeout_ms});
  }

  void append(std::string to = {}) {
    event x;
    x.seq = log.head() + 1;
    x.type = "dm.x";
    x.to = std::move(to);
    log.append({std::make_shared<const event>(std::move(x)), nullptr});
  }

  /// `1@v 2!@w`: which event goes to whom; `!`: as redelivered, `2`: on its second try.
  std::string offered() {
    std::string out;
    while (auto x = sub.next(log, now_ms))
      out += (out.empty() ? "" : " ") + std::to_string(x->what.what->seq) + (x->what.redelivered ? "!" : "")
             + (x->what.attempt > 1 ? "2" : "") + '@' + x->member.substr(2);
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(group_fixture, "a group's event for one client goes to that client, or to nobody") {
  join("w");
  append("v"); // who is not of the group
  append("w");
  append();
  CHECK(offered() == "2@w 3@w");
  join("v");
  for (int i = 0; i < 3; ++i) append("v");
  CHECK(offered() == "4@v 5@v 6@v");
  CHECK_FALSE(sub.give_back(4, "s-v", 0));
  CHECK(offered() == "4!2@v"); // also the second try
}

TEST_CASE_METHOD(group_fixture,
                 "a group's event for a client that is away waits for it, not for the others") {
  join("w");
  join("v");
  sub.leave("s-v", false);
  append("v");
  append();
  CHECK(offered() == "2@w");
  join("v");
  sub.join("s-v", {4, "v", 0});
  CHECK(offered() == "1@v");
  sub.leave("s-v", false);
  sub.withdraw("v");
  sub.withdraw("v");
  CHECK(sub.missed() == 1); // nobody else may have it
  CHECK(offered().empty());
}

TEST_CASE_METHOD(group_fixture,
                 "so many events wait for clients that are away, and further ones are counted") {
  join("w", 2000);
  sub.enrol("v");
  for (std::size_t i = 0; i < durable_subscription::max_private + 10; ++i) append("v");
  append();
  CHECK(offered() == std::to_string(log.head()) + "@w");
  CHECK(sub.missed() == 10);
}

// -- how long a member may have an event

TEST_CASE_METHOD(group_fixture,
                 "a member that does not acknowledge loses the event, and so does the next one") {
  join("v", 1, 100);
  join("w", 1, 100);
  append();
  CHECK(offered() == "1@v");
  CHECK(sub.next_due_ms(now_ms) == 100);
  now_ms = 99;
  CHECK(sub.expire(now_ms).empty());
  CHECK(offered().empty());
  now_ms = 100;
  CHECK(sub.expire(now_ms).empty());
  CHECK(offered() == "1!2@w");
  sub.renew(1, "s-w", 150);
  now_ms = 249;
  CHECK(sub.expire(now_ms).empty());
  now_ms = 250;
  auto dead = sub.expire(now_ms);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].what->seq == 1);
  CHECK(sub.in_hand() == 0);
  append();
  CHECK(offered() == "2@v"); // there is room again
}

TEST_CASE_METHOD(group_fixture, "a member that goes at once costs no try, but not for ever") {
  append();
  constexpr std::int64_t grace_ms = 1000;
  for (std::uint32_t i = 0; i < durable_subscription::max_free_returns; ++i) {
    join("v");
    CHECK(offered() == (i == 0 ? "1@v" : "1!@v"));
    CHECK(sub.leave("s-v", true, now_ms + grace_ms - 1, grace_ms).empty());
  }
  join("v");
  CHECK(offered() == "1!@v");
  CHECK(sub.leave("s-v", true, now_ms, grace_ms).empty());
  join("v");
  CHECK(offered() == "1!2@v");
  CHECK(sub.leave("s-v", true, now_ms + grace_ms, grace_ms).size() == 1);
}

TEST_CASE_METHOD(group_fixture, "a member that goes after the grace time has cost a try") {
  append();
  join("v");
  CHECK(offered() == "1@v");
  CHECK(sub.leave("s-v", true, 1000, 1000).empty());
  join("v");
  CHECK(offered() == "1!2@v");
}

TEST_CASE_METHOD(group_fixture, "what is over is not given to anybody again") {
  std::set<std::uint64_t> over;
  sub.set_filter([&over](const event& x) { return over.count(x.seq) == 0; });
  join("v", 4, 100);
  for (int i = 0; i < 4; ++i) append();
  over = {1};
  CHECK(offered() == "2@v 3@v 4@v");
  CHECK_FALSE(sub.give_back(4, "s-v", 0));
  over = {1, 2, 3, 4};
  CHECK(sub.expire(100).empty());
  CHECK(offered().empty());
  CHECK(sub.in_hand() == 0);
}

// -- what was in hand when the process died

namespace {

class death_fixture : public subscription_fixture {
public:
  /// The next process goes on from what the last one had kept.
  void begin_life(const std::string& life, const std::string& kept) {
    durable_subscription next{"agent.a", {"a.*"}, 0};
    next.restore(kept, life, true, log.head());
    sub = std::move(next);
    sub.join("m", 2);
  }
};

} // namespace

TEST_CASE_METHOD(death_fixture, "what was in hand when the process died has had a try") {
  for (int i = 0; i < 3; ++i) append("a.x");
  CHECK(offered() == "1 2");
  CHECK(sub.settle(1, "m"));
  begin_life("two", sub.snapshot("one"));
  auto first = sub.next(log, 0);
  REQUIRE(first);
  CHECK(first->what.what->seq == 2);
  CHECK(first->what.attempt == 2);
  CHECK(first->what.redelivered);
  begin_life("three", sub.snapshot("two"));
  first = sub.next(log, 0);
  REQUIRE(first);
  CHECK(first->what.attempt > durable_subscription::max_attempts); // a dead letter
}

TEST_CASE_METHOD(death_fixture, "what may have been in hand when the process died has had a try, too") {
  append("a.x");
  auto kept = sub.snapshot("one"); // not kept since
  CHECK(offered() == "1");
  begin_life("two", kept);
  append("a.x"); // since
  CHECK(offered() == "1! 2");
  CHECK(sub.settle(1, "m"));
  begin_life("three", sub.snapshot("two"));
  CHECK(offered() == "2!");
}

TEST_CASE_METHOD(death_fixture,
                 "a process that ended in order has cost no try, nor has one that is the same") {
  append("a.x");
  append("a.x");
  CHECK(offered() == "1 2");
  auto in_order = GENERATE(true, false);
  begin_life(in_order ? "two" : "one", sub.snapshot("one", in_order));
  CHECK(offered() == "1 2");
}

TEST_CASE_METHOD(death_fixture, "what waited to be tried again when the process died was in nobody's hands") {
  append("a.x");
  CHECK(offered() == "1");
  CHECK_FALSE(sub.give_back(1, "m", 1000));
  begin_life("two", sub.snapshot("one"));
  CHECK(offered() == "1!");
}

TEST_CASE_METHOD(death_fixture, "a cursor that an earlier version has kept is read") {
  append("a.x");
  append("a.x");
  begin_life("two", R"({"cursor":1,"unfinished":[[1,1]]})");
  CHECK(offered() == "1 2");
}
