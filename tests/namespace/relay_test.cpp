#include "testing/node_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::recorder;

using ids = std::vector<std::string>;

TEST_CASE_METHOD(test::node_fixture,
                 "what one client publishes reaches those whose pattern matches, in order") {
  auto& x = open("demo");
  auto& y = open("demo");
  recorder alice("alice"), bob("bob"), carol("carol");
  auto a = x.join(alice), b = x.join(bob), c = y.join(carol);
  REQUIRE(alice.attachments.size() == 1);
  x.subscribe(b, "chat.*");
  y.subscribe(c, "chat.>");
  for (auto* id : {"m1", "m2", "m3"}) CHECK(!x.publish(a, id, event_of("alice", id, "chat.a")).refused());
  x.publish(a, "m4", event_of("alice", "m4", "other"));
  run();
  CHECK(bob.delivered() == ids{"m1", "m2", "m3"});
  CHECK(carol.delivered() == ids{"m1", "m2", "m3"});
  CHECK(alice.delivered().empty());
  REQUIRE(alice.answers.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(alice.answers[i].first == "m" + std::to_string(i + 1));
    CHECK(alice.answers[i].second.seq == i + 1);
  }
}

TEST_CASE_METHOD(test::node_fixture, "an event that two patterns of one client match comes once") {
  auto& x = open("demo");
  recorder bob("bob");
  auto b = x.join(bob);
  x.subscribe(b, "a.*");
  x.subscribe(b, "a.>");
  x.publish(b, "m1", event_of("bob", "m1", "a.b"));
  run();
  CHECK(bob.delivered() == ids{"m1"});
  x.unsubscribe(b, "a.>");
  x.publish(b, "m2", event_of("bob", "m2", "a.b"));
  run();
  CHECK(bob.delivered() == ids{"m1", "m2"});
  x.unsubscribe(b, "a.*");
  x.publish(b, "m3", event_of("bob", "m3", "a.b"));
  run();
  CHECK(bob.delivered() == ids{"m1", "m2"});
}

TEST_CASE_METHOD(test::node_fixture, "an event for one client reaches only its connections") {
  auto& x = open("demo");
  recorder bob("bob"), bob2("bob"), carol("carol");
  auto a = x.join(bob), b = x.join(bob2), c = x.join(carol);
  for (auto n : {a, b, c}) x.subscribe(n, ">");
  auto what = event_of("carol", "m1", "a");
  what.to = "bob";
  x.publish(c, "m1", what);
  run();
  CHECK(bob.delivered() == ids{"m1"});
  CHECK(bob2.delivered() == ids{"m1"});
  CHECK(carol.delivered().empty());
}

TEST_CASE_METHOD(test::node_fixture, "nothing crosses from one namespace to another") {
  auto& x = open("one");
  auto& y = open("two");
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice), b = y.join(bob);
  y.subscribe(b, ">");
  x.publish(a, "m1", event_of("alice", "m1", "a"));
  run();
  CHECK(bob.delivered().empty());
}

TEST_CASE_METHOD(test::node_fixture, "requests over the credit are refused and the rest is kept") {
  plan.bounds.relay_credit = 5;
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  for (int i = 0; i < 5; ++i) {
    auto id = "m" + std::to_string(i);
    CHECK(!x.publish(a, id, event_of("alice", id, "a")).refused());
  }
  auto no = x.publish(a, "m5", event_of("alice", "m5", "a"));
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "namespace_full");
  CHECK(no.scope == "namespace");
  CHECK(no.depth == 5);
  CHECK(no.limit == 5);
  CHECK(no.retry_after_ms > 0);
  run();
  CHECK(alice.answers.size() == 5);
  CHECK(!x.publish(a, "m5", event_of("alice", "m5", "a")).refused());
  run();
  CHECK(alice.answers.back().second.seq == 6);
}

TEST_CASE_METHOD(test::node_fixture, "a log slice and the deliveries after it join without overlap or hole") {
  auto& x = open("demo");
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice), b = x.join(bob);
  for (auto* id : {"m1", "m2"}) x.publish(a, id, event_of("alice", id, "a"));
  run();
  x.subscribe(b, "a");
  x.read_log(b, "r", {{"a"}, "bob", 0, 0, 100});
  x.publish(a, "m3", event_of("alice", "m3", "a"));
  run();
  REQUIRE(bob.slices.size() == 1);
  auto& slice = bob.slices[0].second;
  CHECK(slice.read_to == slice.head);
  std::vector<std::uint64_t> all;
  for (auto& d : slice.deliveries) all.push_back(d.what->seq);
  for (auto& d : bob.deliveries)
    if (d.what->seq > slice.read_to) all.push_back(d.what->seq);
  CHECK(all == std::vector<std::uint64_t>{1, 2, 3});
}

TEST_CASE_METHOD(test::node_fixture,
                 "a namespace that crashes comes back with a new epoch and its relays with it") {
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, "a");
  x.publish(a, "m1", event_of("alice", "m1", "a"));
  run();
  caf::anon_send_exit(alice.attachments[0].ns, caf::exit_reason::kill);
  x.publish(a, "m2", event_of("alice", "m2", "a"));
  run();
  REQUIRE(alice.answers.size() == 2);
  CHECK(alice.answers[1].second.no.status == code::unavailable);
  CHECK(x.publish(a, "m3", event_of("alice", "m3", "a")).status == code::unavailable);
  advance(500ms);
  REQUIRE(alice.attachments.size() == 2);
  CHECK(alice.attachments[1].epoch != alice.attachments[0].epoch);
  CHECK(!x.publish(a, "m4", event_of("alice", "m4", "a")).refused());
  run();
  CHECK(alice.delivered() == ids{"m1", "m4"});
}

TEST_CASE_METHOD(test::node_fixture, "a namespace that keeps crashing is refused for a while") {
  auto& x = open("demo");
  recorder alice("alice");
  x.join(alice);
  for (std::size_t crashes = 1; crashes <= 11; ++crashes) {
    caf::anon_send_exit(alice.attachments.back().ns, caf::exit_reason::kill);
    while (alice.attachments.size() == crashes) advance(100ms);
    CHECK(alice.attachments.back().no.refused() == (crashes == 11));
  }
  CHECK(alice.attachments.back().no.status == code::unavailable);
  advance(60s, 100ms);
  x.join(alice);
  run();
  CHECK(!alice.attachments.back().no.refused());
}

TEST_CASE_METHOD(test::node_fixture, "a node takes a bounded number of namespaces") {
  for (auto* ns : {"one", "two", "three"}) open(ns);
  auto& x = open("four");
  recorder alice("alice");
  x.join(alice);
  advance(100ms);
  REQUIRE(alice.attachments.size() == 1);
  CHECK(alice.attachments[0].no.reason == "quota");
  CHECK(alice.attachments[0].no.retry_after_ms > 0);
}

TEST_CASE_METHOD(test::node_fixture,
                 "a relay whose request to be attached was lost asks again, and one of two counts") {
  start();
  run();
  auto lost = own(sys.spawn<test::probe<attach_relay>>()); // hands on nothing
  auto handle = spawn_io<relay>(relay::config{"demo", lost, nullptr});
  run();
  auto& asked = deref<test::probe<attach_relay>>(lost).all<attach_relay>();
  CHECK(asked.size() == 1);
  advance(relay::attach_timeout + 500ms);
  REQUIRE(asked.size() == 2);
  for (auto& x : asked) send(the_host, x); // both arrive after all
  auto& x = deref<relay>(handle);
  CHECK(x.is_attached());
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, "chat");
  CHECK(!x.publish(a, "m1", event_of("alice", "m1", "chat")).refused());
  run();
  CHECK(alice.delivered() == ids{"m1"});
  CHECK(alice.attachments.size() == 1);
  advance(relay::attach_timeout + 500ms);
  CHECK(asked.size() == 2);
}

TEST_CASE_METHOD(test::node_fixture,
                 "a relay that is put off again and again refuses its connections in the end") {
  start();
  run();
  auto host = own(sys.spawn<test::probe<attach_relay>>());
  auto handle = spawn_io<relay>(relay::config{"demo", host, nullptr});
  run();
  auto& asked = deref<test::probe<attach_relay>>(host).all<attach_relay>();
  auto& x = deref<relay>(handle);
  recorder alice("alice");
  x.join(alice);
  for (auto waited = 0ms; waited < relay::attach_patience; waited += 500ms) {
    CHECK(alice.attachments.empty());
    send(handle, attach_later{});
    advance(500ms);
  }
  send(handle, attach_later{});
  REQUIRE(alice.attachments.size() == 1);
  CHECK(alice.attachments[0].no.reason == "unavailable");
  CHECK(alice.attachments[0].no.retry_after_ms > 0);
  CHECK(x.subscribers() == 0);
  auto before = asked.size();
  recorder bob("bob");
  x.join(bob); // it is asked again for who comes later
  run();
  CHECK(asked.size() == before + 1);
}
