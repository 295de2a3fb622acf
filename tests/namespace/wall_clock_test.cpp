// The wall clock may be set to anything at any time: it says when something was, and never how long ago. Each
// test runs with the clock as it is, an hour too far and an hour back, from when its timer has begun.

#include "tests/support/streams_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::member;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

class wall_clock_fixture : public test::streams_fixture {
public:
  wall_clock_fixture() {
    disk = std::make_shared<test::spy>();
    wall_jump_ms = 10 * hour_ms; // so that no time is before the epoch
  }

  void jump() { wall_jump_ms += by_ms; }

  void restart_node() {
    restart();
    via = &open("demo");
  }

  std::int64_t by_ms = GENERATE(0, hour_ms, -hour_ms);
};

} // namespace

TEST_CASE_METHOD(wall_clock_fixture,
                 "an event waits for its predecessor for its time, whatever the clock does") {
  plan.bounds.causal_wait_ms = 500;
  member alice{*this, open("demo"), "alice"};
  CHECK(alice.publish("m2", "a", "alice/m1").seq == 0);
  jump();
  advance(450ms);
  CHECK(alice.answers.size() == 0);
  advance(100ms);
  REQUIRE(alice.answers.size() == 1);
  CHECK(alice.answers.back().second.seq == 1);
  CHECK(alice.publish("m3", "a", "alice/m9").seq == 0); // and the next one as well
  advance(550ms);
  CHECK(alice.answers.back().second.seq == 2);
}

TEST_CASE_METHOD(wall_clock_fixture, "a queue's event that is given back comes again after its delay") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, worker{*this, x, "worker"};
  worker.subscribe("q", "a", "g");
  alice.publish("m1");
  CHECK(worker.queued() == "m1");
  worker.tell(session_nack{0, "alice/m1", 500});
  jump();
  advance(450ms);
  CHECK(worker.queued().empty());
  advance(100ms);
  CHECK(worker.queued() == "m1!");
}

TEST_CASE_METHOD(wall_clock_fixture, "receipts are told in their time") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, bob{*this, x, "bob"};
  bob.subscribe("s", "a");
  alice.publish("m1", "a", {}, receipt_kind::acked);
  bob.tell(session_ack{0, 1, {}});
  jump();
  CHECK(alice.receipts().empty());
  advance(150ms);
  CHECK(alice.receipts().size() == 1);
}

TEST_CASE_METHOD(wall_clock_fixture, "who comes in a crowd is told as a count a second later") {
  plan.bounds.presence_per_s = 1;
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  alice.subscribe("s", "sys.presence.*");
  member bob{*this, x, "bob"}, carol{*this, x, "carol"};
  jump();
  auto told = alice.deliveries.size();
  advance(1100ms);
  REQUIRE(alice.deliveries.size() == told + 1);
  CHECK(alice.deliveries.back().what->type == "sys.presence.joined");
}

TEST_CASE_METHOD(wall_clock_fixture, "a session without a socket is kept for its time and no longer") {
  plan.bounds.session_ttl_ms = 10'000;
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto id = alice.session();
  alice.leave();
  jump();
  advance(9s, 500ms);
  {
    member again{*this, x, "alice", id};
    CHECK(again.opened().resumed);
  }
  jump();
  advance(11s, 500ms);
  member late{*this, x, "alice", id};
  CHECK_FALSE(late.opened().resumed);
}

TEST_CASE_METHOD(wall_clock_fixture, "a repeat is known for the window's time, also after a restart") {
  plan.bounds.dedupe_ms = 60'000;
  {
    member alice{*this, open("demo"), "alice"};
    alice.publish("m1");
    jump();
    alice.publish("m2");
    CHECK(alice.publish("m1").duplicate);
  }
  restart();
  {
    member alice{*this, open("demo"), "alice"};
    CHECK(alice.publish("m1").duplicate);
    CHECK(alice.publish("m2").duplicate);
    jump();
    advance(59s, 500ms);
    CHECK(alice.publish("m2").duplicate);
    advance(2s, 500ms);
    CHECK_FALSE(alice.publish("m2").duplicate);
  }
}

TEST_CASE_METHOD(wall_clock_fixture,
                 "events are trimmed when they are too old, though nothing is published") {
  plan.bounds.log_age_ms = 1000;
  {
    member alice{*this, open("demo"), "alice"};
    alice.publish("m1");
    alice.publish("m2");
    jump();
    advance(900ms);
    CHECK(alice.read(0).deliveries.size() == 2);
    advance(200ms);
    auto left = alice.read(0);
    CHECK(left.deliveries.empty());
    CHECK(left.first_kept == 3);
  }
  restart(); // and in the store as well
  member alice{*this, open("demo"), "alice"};
  CHECK(alice.opened().first_kept == 3);
  CHECK(alice.publish("m3").seq == 3);
}

TEST_CASE_METHOD(wall_clock_fixture, "old events are trimmed in a namespace that is quiet for long") {
  plan.bounds.log_age_ms = 60'000; // further away than a timer is set for
  member alice{*this, open("demo"), "alice"};
  alice.publish("m1");
  jump();
  advance(59s, 500ms);
  CHECK(alice.read(0).deliveries.size() == 1);
  advance(2s, 100ms);
  CHECK(alice.read(0).deliveries.empty());
}

TEST_CASE_METHOD(wall_clock_fixture, "a call ends at its deadline and says how long it took") {
  begin();
  auto alice = client("alice");
  alice.call("c1", "worker"); // nobody takes it; 1 s
  jump();
  advance(900ms);
  CHECK(alice.result("alice/c1") == nullptr);
  advance(200ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->error.status == code::deadline);
  CHECK(alice.result("alice/c1")->elapsed_ms >= 990);
  CHECK(alice.result("alice/c1")->elapsed_ms <= 1100);
}

TEST_CASE_METHOD(wall_clock_fixture, "a call that waits in its thread has its own deadline") {
  begin();
  auto alice = client("alice");
  alice.call("c1", "worker", "t", busy_policy::queue, 5000);
  alice.call("c2", "worker", "t", busy_policy::queue, 500);
  jump();
  advance(400ms);
  CHECK(alice.result("alice/c2") == nullptr);
  advance(200ms);
  REQUIRE(alice.result("alice/c2") != nullptr);
  CHECK(alice.result("alice/c2")->error.status == code::deadline);
}
