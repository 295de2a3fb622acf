// Sessions, queue groups, presence and receipts, through a relay as connections use it.

#include "actors/namespace/namespace_actor.hpp"
#include "tests/support/member.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::member;

namespace {

class session_fixture : public test::node_fixture {
public:
  session_fixture() { disk = std::make_shared<test::spy>(); }
};

} // namespace

// -- sessions

TEST_CASE_METHOD(session_fixture,
                 "a gateway that is gone leaves its many sessions in parts, but those that are back") {
  constexpr std::size_t many = namespace_actor::max_detached_at_once + 40;
  auto& lost = open("demo");
  auto lost_actor = caf::actor_cast<caf::actor>(&lost);
  std::vector<std::unique_ptr<member>> there;
  for (std::size_t i = 0; i < many; ++i)
    there.push_back(std::make_unique<member>(*this, lost, "c" + std::to_string(i)));
  member watcher{*this, open("demo"), "watcher"};
  CHECK(watcher.who_is_there().count == many + 1);
  caf::anon_send_exit(lost_actor, caf::exit_reason::kill);
  run();
  CHECK(watcher.who_is_there().count == 41);
  std::vector<std::unique_ptr<member>> back;
  for (std::size_t i = 0; i < 20; ++i)
    back.push_back(
        std::make_unique<member>(*this, open("demo"), "c" + std::to_string(i), there[i]->session()));
  advance(2ms);
  CHECK(watcher.who_is_there().count == 21);
  for (auto& x : back) CHECK(x->opened().resumed);
}

TEST_CASE_METHOD(session_fixture, "a session comes back with its subscriptions, also after a restart") {
  std::string id;
  {
    auto& x = open("demo");
    member alice{*this, x, "alice"};
    id = alice.session();
    CHECK(!alice.opened().resumed);
    alice.subscribe("s1", "a.*");
    alice.subscribe("s2", "b.>");
    alice.unsubscribe("s1");
    alice.leave();
    member again{*this, x, "alice", id};
    CHECK(again.opened().resumed);
    CHECK(again.session() == id);
    REQUIRE(again.opened().subscriptions.size() == 1);
    CHECK(again.opened().subscriptions[0].pattern == "b.>");
  }
  restart();
  member alice{*this, open("demo"), "alice", id};
  CHECK(alice.opened().resumed);
  CHECK(alice.opened().subscriptions.size() == 1);
}

TEST_CASE_METHOD(session_fixture, "a session is another client's or expired: a new one begins") {
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto id = alice.session();
  member mallory{*this, x, "mallory", id};
  CHECK(!mallory.opened().resumed);
  CHECK(mallory.session() != id);
  alice.leave();
  advance(121s, 1s);
  member late{*this, x, "alice", id};
  CHECK(!late.opened().resumed);
  CHECK(late.session() != id);
}

TEST_CASE_METHOD(session_fixture, "of two attachments of one session the second wins, once it is welcomed") {
  auto& x = open("demo");
  auto& y = open("demo");
  member first{*this, x, "alice"};
  test::recorder second("alice");
  auto number = y.join(second);
  session_open what;
  what.client_id = "alice";
  what.session = first.session();
  y.open_session(number, what);
  run();
  REQUIRE(second.sessions.size() == 1);
  CHECK(second.sessions[0].resumed);
  CHECK(!first.was_taken_over());
  y.tell(number, session_welcomed{});
  run();
  CHECK(first.was_taken_over());
  first.leave(); // it closes its socket, and the session stays with the second
  member watch{*this, x, "watch"};
  CHECK(watch.who_is_there().count == 2);
  y.leave(number);
  run();
  CHECK(watch.who_is_there().count == 1);
}

TEST_CASE_METHOD(session_fixture,
                 "after a restart the socket that came last keeps the session, whichever asks first") {
  auto& x = open("demo");
  member first{*this, x, "alice"};
  auto id = first.session();
  advance(5ms);
  member second{*this, x, "alice", id}; // and the first one is still there
  CHECK(second.opened().attached_ms > first.opened().attached_ms);
  auto again = [&](member& who) {
    session_open what;
    what.client_id = "alice";
    what.session = id;
    what.reattached = true;
    what.attached_ms = who.sessions.front().attached_ms;
    return what;
  };
  for (auto first_asks_first : {true, false}) {
    caf::anon_send_exit(first.attachments.back().ns, caf::exit_reason::kill);
    advance(2s);
    auto told = first.notices.size();
    if (first_asks_first) x.open_session(first.joined(), again(first));
    x.open_session(second.joined(), again(second));
    if (!first_asks_first) x.open_session(first.joined(), again(first));
    run();
    x.tell(second.joined(), session_welcomed{});
    run();
    CHECK(!second.opened().no.refused());
    if (first_asks_first)
      CHECK(first.notices.size() > told); // it is taken over
    else
      CHECK(first.opened().no.reason == session_taken_over);
  }
}

TEST_CASE_METHOD(session_fixture, "a session that comes again as it was kept is not written again") {
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  alice.subscribe("s", "b.>");
  caf::anon_send_exit(alice.attachments.back().ns, caf::exit_reason::kill);
  advance(2s);
  auto again = [&](const std::string& pattern) {
    session_open what;
    what.client_id = "alice";
    what.session = alice.session();
    what.reattached = true;
    what.attached_ms = alice.sessions.front().attached_ms;
    what.subscriptions = {{"s", pattern, {}, true, 0}};
    auto writes = disk->groups.size();
    x.open_session(alice.joined(), what);
    run();
    CHECK(!alice.opened().no.refused());
    return disk->groups.size() - writes;
  };
  CHECK(again("b.>") == 0);
  CHECK(again("c.>") == 1);
}

TEST_CASE_METHOD(session_fixture, "above their bound the sessions that would expire first are forgotten") {
  plan.bounds.sessions = 2;
  auto& x = open("demo");
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    member alice{*this, x, "alice"};
    ids.push_back(alice.session());
    alice.leave();
    advance(10ms);
  }
  CHECK(!member(*this, x, "alice", ids[0]).opened().resumed);
  CHECK(member(*this, x, "alice", ids[2]).opened().resumed);
}

// -- queue groups

TEST_CASE_METHOD(session_fixture, "the members of a queue share its events, up to a window each") {
  plan.bounds.queue_window = 2;
  auto& x = open("demo");
  member alice{*this, x, "alice"}, w1{*this, x, "w1"}, w2{*this, x, "w2"};
  CHECK(!w1.subscribe("q", "work.*", "g").no.refused());
  CHECK(!w2.subscribe("q", "work.*", "g").no.refused());
  for (int i = 1; i <= 6; ++i) alice.publish("m" + std::to_string(i), "work.a");
  auto a = w1.queued(), b = w2.queued();
  CHECK(a.size() + b.size() == 10); // two each, with a blank between them
  w1.tell(session_ack{0, 0, "alice/" + a.substr(0, 2)});
  CHECK(w1.queued() == "m5");
  w1.tell(session_ack{0, 0, "alice/" + b.substr(0, 2)}); // not its own
  CHECK(w1.queued().empty());
}

TEST_CASE_METHOD(session_fixture,
                 "what a member gives back or leaves goes to another, and then to the dead letters") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, watch{*this, x, "watch"};
  watch.subscribe("s", "sys.agent.*");
  member w1{*this, x, "w1"};
  w1.subscribe("q", "work", "g");
  alice.publish("m1", "work");
  CHECK(w1.queued() == "m1");
  w1.tell(session_nack{0, "alice/m1", 500});
  CHECK(w1.queued().empty());
  advance(600ms);
  CHECK(w1.queued() == "m1!");
  member w2{*this, x, "w2"};
  w2.subscribe("q", "work", "g");
  alice.publish("m2", "work");
  CHECK(w2.queued() == "m2");
  advance(2s); // longer than the grace time
  w2.leave();
  CHECK(w1.queued() == "m2!");
  advance(2s);
  w1.leave(); // the second try of both
  REQUIRE(watch.deliveries.size() == 2);
  CHECK(watch.deliveries[0].what->type == "sys.agent.dead_letter");
  member w3{*this, x, "w3"};
  w3.subscribe("q", "work", "g");
  CHECK(w3.queued().empty());
}

TEST_CASE_METHOD(session_fixture, "a queue's event for one client goes to that client only") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, w{*this, x, "w"};
  w.subscribe("q", "dm.*", "g");
  auto send = [&](const std::string& id, const std::string& to) {
    auto what = event_of("alice", id, "dm.x");
    what.to = to;
    x.publish(alice.joined(), id, what);
    run();
  };
  send("m1", "v");
  CHECK(w.queued().empty());
  send("m2", "w");
  CHECK(w.queued() == "m2");
  member v{*this, x, "v"};
  v.subscribe("q", "dm.*", "g");
  for (int i = 3; i <= 6; ++i) send("m" + std::to_string(i), "v");
  CHECK(v.queued() == "m3 m4 m5 m6");
  v.leave();
  CHECK(w.queued().empty()); // what v had in hand is not w's either
  member again{*this, x, "v", v.session()};
  CHECK(again.queued() == "m3! m4! m5! m6!");
}

TEST_CASE_METHOD(session_fixture, "a receipt counts only who may have had the event") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, v{*this, x, "v"}, w{*this, x, "w"};
  auto what = event_of("alice", "m1", "dm.x");
  what.to = "v";
  what.receipt = receipt_kind::acked;
  x.publish(alice.joined(), "m1", what);
  run();
  w.tell(session_ack{0, 0, "alice/m1"});
  advance(1s);
  CHECK(alice.receipts().empty());
  v.tell(session_ack{0, 0, "alice/m1"});
  advance(1s);
  REQUIRE(alice.receipts().size() == 1);
  CHECK(alice.receipts()[0].by == std::vector<std::string>{"v"});
}

TEST_CASE_METHOD(session_fixture, "a member that keeps its socket and never acknowledges loses its events") {
  plan.bounds.ack_timeout_ms = 5000;
  auto& x = open("demo");
  member alice{*this, x, "alice"}, watch{*this, x, "watch"}, deaf{*this, x, "deaf"};
  watch.subscribe("s", "sys.agent.dead_letter");
  deaf.subscribe("q", "work", "g");
  alice.publish("m1", "work");
  CHECK(deaf.queued() == "m1");
  member good{*this, x, "good"};
  good.subscribe("q", "work", "g");
  advance(4990ms);
  CHECK(good.queued().empty());
  advance(20ms);
  CHECK(good.queued() == "m1!");
  good.tell(session_ack{0, 0, "alice/m1"});
  good.leave();
  alice.publish("m2", "work");
  advance(11s, 100ms);
  CHECK(deaf.queued() == "m2 m2!"); // nobody else is there
  REQUIRE(watch.deliveries.size() == 1);
  CHECK(watch.deliveries[0].what->data.find("did not acknowledge it in time") != std::string::npos);
}

TEST_CASE_METHOD(session_fixture,
                 "a subscription's own time for an acknowledgement counts, also after a restart") {
  std::string id;
  {
    auto& x = open("demo");
    member alice{*this, x, "alice"}, w{*this, x, "w"};
    id = w.session();
    w.subscribe("q", "work", "g", true, subscription_spec::from_now, 200);
    alice.publish("m1", "work");
    CHECK(w.queued() == "m1");
    advance(210ms);
    CHECK(w.queued() == "m1!");
    w.tell(session_ack{0, 0, "alice/m1"});
    advance(100ms);
  }
  restart();
  auto& x = open("demo");
  member alice{*this, x, "alice"}, w{*this, x, "w", id};
  alice.publish("m2", "work");
  CHECK(w.queued() == "m2");
  advance(210ms);
  CHECK(w.queued() == "m2!");
}

TEST_CASE_METHOD(session_fixture, "a socket that drops at once has cost its events no try") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, watch{*this, x, "watch"};
  watch.subscribe("s", "sys.agent.dead_letter");
  std::string id;
  {
    member w{*this, x, "w"};
    id = w.session();
    w.subscribe("q", "work", "g");
    alice.publish("m1", "work");
  }
  for (int i = 0; i < 4; ++i) {
    member w{*this, x, "w", id};
    CHECK(w.queued() == "m1!");
  }
  for (int i = 0; i < 2; ++i) {
    member w{*this, x, "w", id};
    CHECK(w.queued() == "m1!");
    advance(1100ms);
  }
  CHECK(watch.deliveries.size() == 1);
}

TEST_CASE_METHOD(session_fixture, "a queue goes on after a restart with what was not acknowledged") {
  std::string id;
  {
    auto& x = open("demo");
    member alice{*this, x, "alice"}, w{*this, x, "w"};
    id = w.session();
    w.subscribe("q", "work", "g");
    for (int i = 1; i <= 3; ++i) alice.publish("m" + std::to_string(i), "work");
    CHECK(w.queued() == "m1 m2 m3");
    w.tell(session_ack{0, 0, "alice/m2"});
    advance(100ms);
    restart();
  }
  member w{*this, open("demo"), "w", id};
  CHECK(w.opened().resumed);
  CHECK(w.queued() == "m1! m3!");
}

TEST_CASE_METHOD(session_fixture, "an ack that the store could not keep at first is kept later") {
  std::string id;
  {
    auto& x = open("demo");
    member alice{*this, x, "alice"}, w{*this, x, "w"};
    id = w.session();
    w.subscribe("q", "work", "g");
    alice.publish("m1", "work");
    advance(100ms);
    disk->fail_next = 1;
    w.tell(session_ack{0, 0, "alice/m1"});
    advance(100ms);
    CHECK(disk->fail_next == 0);
    advance(1s);
    restart();
  }
  member w{*this, open("demo"), "w", id};
  CHECK(w.opened().resumed);
  CHECK(w.queued().empty());
}

TEST_CASE_METHOD(session_fixture, "a queue ends with its last session, and there may be so many") {
  plan.bounds.queue_groups = 1;
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  CHECK(!alice.subscribe("q1", "a", "g1").no.refused());
  auto no = alice.subscribe("q2", "a", "g2").no;
  CHECK(no.status == code::too_large);
  CHECK(no.reason == "too_large");
  CHECK(alice.subscribe("q3", "a", "g1").no.status == code::conflict);
  alice.unsubscribe("q1");
  CHECK(!alice.subscribe("q2", "a", "g2").no.refused());
}

// -- presence

TEST_CASE_METHOD(session_fixture, "clients are there from their first connection to their last") {
  auto& x = open("demo");
  member watch{*this, x, "watch"};
  watch.subscribe("p", "sys.presence.*");
  {
    member a{*this, x, "alice"}, b{*this, x, "alice"};
    auto list = watch.who_is_there();
    CHECK(list.count == 2);
    CHECK(list.clients.at(0).client_id == "alice");
    CHECK(list.clients.at(0).connections == 2);
    CHECK(watch.who_is_there({1, {}, 0}).clients.size() == 1);
  }
  REQUIRE(watch.deliveries.size() == 2);
  CHECK(watch.deliveries[0].what->type == "sys.presence.joined");
  CHECK(watch.deliveries[0].what->data.find("\"alice\"") != std::string::npos);
  CHECK(watch.deliveries[1].what->type == "sys.presence.left");
  CHECK(watch.deliveries[1].what->ephemeral());
  CHECK(watch.who_is_there().count == 1);
}

TEST_CASE_METHOD(session_fixture, "a crowd that comes at once is counted") {
  plan.bounds.presence_per_s = 2;
  auto& x = open("demo");
  member watch{*this, x, "watch"};
  watch.subscribe("p", "sys.presence.joined");
  std::vector<std::unique_ptr<member>> crowd;
  for (int i = 0; i < 10; ++i) crowd.push_back(std::make_unique<member>(*this, x, "c" + std::to_string(i)));
  auto told = watch.deliveries.size();
  CHECK(told <= 2);
  advance(2s);
  REQUIRE(watch.deliveries.size() == told + 1);
  CHECK(watch.deliveries.back().what->data.find("\"joined\":" + std::to_string(10 - told))
        != std::string::npos);
}

// -- receipts

TEST_CASE_METHOD(session_fixture, "a sender hears how many clients were sent its event, all at once") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, bob{*this, x, "bob"}, carol{*this, x, "carol"};
  alice.publish("m1", "a", {}, receipt_kind::delivered);
  for (auto* who : {&bob, &carol}) who->tell(delivery_report{0, "alice/m1"});
  CHECK(alice.receipts().empty());
  advance(200ms);
  auto got = alice.receipts();
  REQUIRE(got.size() == 1);
  CHECK(got[0].event_id == "alice/m1");
  CHECK(got[0].kind == receipt_kind::delivered);
  CHECK(got[0].count == 2);
  CHECK(got[0].by == std::vector<std::string>{"bob", "carol"});
}

TEST_CASE_METHOD(session_fixture, "an ack of all up to a seq counts for the events that the client got") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, bob{*this, x, "bob"};
  bob.subscribe("s", "a");
  alice.publish("m1", "a", {}, receipt_kind::acked);
  alice.publish("m2", "b", {}, receipt_kind::acked);
  bob.tell(session_ack{0, 2, {}});
  bob.tell(session_ack{0, 2, {}}); // counts once
  advance(200ms);
  auto got = alice.receipts();
  REQUIRE(got.size() == 1);
  CHECK(got[0].event_id == "alice/m1");
  CHECK(got[0].count == 1);
}
