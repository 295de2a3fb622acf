#include "actors/namespace/durable_subscription.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

class subscription_fixture {
public:
  event_log log{{5, 1 << 20, 1'000'000}};
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
  CHECK(sub.next_due_ms() == 50);
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
  event_log log{{5000, 1 << 24, 1'000'000}};
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
