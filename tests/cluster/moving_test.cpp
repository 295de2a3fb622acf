// Namespaces that go from one node to another: handed on, taken over, and never on two at once.

#include "actors/cluster/lease_names.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"
#include "tests/support/cluster_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::hosts_fixture;
using test::placed_on;
using test::recorder;
using ids = std::vector<std::string>;

TEST_CASE_METHOD(hosts_fixture, "relays of all nodes reach the one that owns the namespace") {
  auto ns = start_two();
  auto &x = open("n1", ns), &y = open("n2", ns);
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice), b = y.join(bob);
  y.subscribe(b, ">");
  CHECK(!x.publish(a, "m1", event("m1")).refused());
  run();
  CHECK(bob.delivered() == ids{"m1"});
  CHECK(holder(ns) == "n2/1");
}

TEST_CASE_METHOD(hosts_fixture, "nodes that see each other differently still agree on one owner") {
  start("n1");
  start("n2");
  show("n1", {"n1"}); // has not heard of n2 yet
  show("n2", {"n1", "n2"});
  run();
  auto ns = placed_on("n2", {"n1", "n2"});
  auto &x = open("n1", ns), &y = open("n2", ns);
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice), b = y.join(bob);
  REQUIRE(bob.attachments.size() == 1);
  CHECK(alice.attachments.at(0).ns == bob.attachments.at(0).ns);
  y.subscribe(b, ">");
  CHECK(!x.publish(a, "m1", event("m1")).refused());
  run();
  CHECK(bob.delivered() == ids{"m1"});
}

TEST_CASE_METHOD(hosts_fixture, "a namespace is handed on to the node that it is placed on now") {
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, ">");
  for (auto* id : {"m1", "m2"}) x.publish(a, id, event(id));
  run();
  auto epoch = alice.attachments.at(0).epoch;

  start_second();
  CHECK(holder(ns) == "n2/1");
  CHECK(x.is_attached());
  REQUIRE(alice.attachments.size() == 2);
  CHECK(alice.attachments[1].epoch == epoch);
  CHECK(alice.attachments[1].seq == 2);
  x.publish(a, "m1", event("m1")); // recognised by the new owner
  x.publish(a, "m3", event("m3"));
  run();
  CHECK(alice.answers.at(2).second.duplicate);
  CHECK(alice.answers.at(3).second.seq == 3);
  CHECK(alice.delivered() == ids{"m1", "m2", "m3"});
  CHECK(nodes.at("n1").host != nullptr);
}

TEST_CASE_METHOD(hosts_fixture, "what is published while a namespace moves waits, and is refused to nobody") {
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, ">");
  start("n2");
  show("n1", {"n1", "n2"});
  show("n2", {"n1", "n2"});
  // One event at each step of the move.
  int sent = 0;
  for (bool busy = true; busy && sent < 200;) {
    auto id = "m" + std::to_string(++sent);
    REQUIRE(!x.publish(a, id, event(id)).refused());
    busy = false;
    for (int i = 0; i < 3 && sched.has_job(); ++i) busy |= sched.try_run_once();
    if (unit.has_work()) unit.turn();
  }
  run();
  CHECK(holder(ns) == "n2/1");
  CHECK(sent > 5);
  ids wanted;
  for (int i = 1; i <= sent; ++i) wanted.push_back("m" + std::to_string(i));
  CHECK(alice.delivered() == wanted);
  REQUIRE(alice.answers.size() == wanted.size());
  for (auto& [id, got] : alice.answers) CHECK(!got.no.refused());
}

TEST_CASE_METHOD(hosts_fixture,
                 "requests that wait for a namespace that moves are bounded, and end in time") {
  plan.bounds.relay_credit = 4;
  start("n1");
  show_all({"n1"});
  auto ns = placed_on("n1", {"n1"});
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  // As its namespace says before it goes; it does not go.
  caf::anon_send(alice.attachments.at(0).ns, move_atom_v);
  sched.run();
  unit.turn();
  for (int i = 0; i < 4; ++i)
    CHECK(!x.publish(a, "m" + std::to_string(i), event("m" + std::to_string(i))).refused());
  auto no = x.publish(a, "m4", event("m4"));
  CHECK(no.reason == "namespace_full");
  CHECK(no.limit == 4);
  run(); // it ends, and its host makes it again
  advance(1s);
  CHECK(alice.answers.size() == 4);
  for (auto& [id, got] : alice.answers) CHECK(!got.no.refused());
}

TEST_CASE_METHOD(hosts_fixture,
                 "a relay gives up what it holds back when the namespace does not come again") {
  auto ns = start_two();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  auto here = alice.attachments.at(0).ns;
  caf::anon_send(here, move_atom_v);
  sched.run();
  unit.turn();
  CHECK(!x.publish(a, "m1", event("m1")).refused());
  kill("n2");
  advance(relay::move_patience + 100ms);
  REQUIRE(alice.answers.size() == 1);
  CHECK(alice.answers[0].second.no.status == code::unavailable);
  CHECK(x.publish(a, "m2", event("m2")).status == code::unavailable);
}

TEST_CASE_METHOD(hosts_fixture, "the namespaces of a node that dies are taken over with all that was kept") {
  auto ns = start_two();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, ">");
  for (auto* id : {"m1", "m2"}) x.publish(a, id, event(id));
  run();
  auto epoch = alice.attachments.at(0).epoch;
  kill("n2");
  show_all({"n1"});
  advance(1s);
  CHECK(!x.is_attached()); // its lease still counts
  CHECK(x.publish(a, "m3", event("m3")).status == code::unavailable);
  advance(1500ms);
  REQUIRE(x.is_attached());
  CHECK(holder(ns) == "n1/1");
  CHECK(alice.attachments.back().epoch == epoch);
  x.publish(a, "m2", event("m2"));
  x.publish(a, "m3", event("m3"));
  run();
  CHECK(alice.answers.at(2).second.duplicate);
  CHECK(alice.delivered() == ids{"m1", "m2", "m3"});
}

TEST_CASE_METHOD(hosts_fixture, "a node that goes on although it was taken for gone writes nothing more") {
  auto ns = start_two();
  auto &x = open("n1", ns), &y = open("n2", ns);
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice), b = y.join(bob);
  y.publish(b, "m1", event("m1"));
  run();
  // n2 is cut off from the store only: its lease lapses, n1 takes over.
  caf::anon_send_exit(nodes.at("n2").keeper, caf::exit_reason::kill);
  show("n1", {"n1"});
  auto& z = open("n1", ns);
  recorder carol("carol");
  auto c = z.join(carol);
  z.subscribe(c, ">");
  advance(2500ms);
  REQUIRE(z.is_attached());
  CHECK(holder(ns) == "n1/1");
  CHECK(!z.publish(c, "m2", event("m2")).refused());
  y.publish(b, "m3", event("m3")); // at the old owner
  run();
  CHECK(carol.delivered() == ids{"m2"});
  REQUIRE(bob.answers.size() == 2);
  CHECK(bob.answers[1].second.no.status == code::unavailable);
  (void)a;
}

TEST_CASE_METHOD(hosts_fixture,
                 "a relay is refused when the owner of its namespace cannot be reached for long") {
  auto ns = start_two();
  open("n2", ns);
  show("n1", {"n1"}); // n2 lives, and n1 does not see it
  run();
  auto& x = open("n1", ns);
  recorder alice("alice");
  x.join(alice);
  advance(host::patience - 1s, 50ms);
  CHECK(alice.attachments.empty());
  advance(5s, 50ms);
  REQUIRE(!alice.attachments.empty());
  CHECK(alice.attachments[0].no.status == code::unavailable);
  CHECK(alice.attachments[0].no.message.find("n2") != std::string::npos);
  show("n1", {"n1", "n2"});
  x.join(alice);
  advance(1s);
  CHECK(!alice.attachments.back().no.refused());
}

TEST_CASE_METHOD(hosts_fixture, "many namespaces move a few at a time, and all arrive") {
  start("n1");
  show_all({"n1"});
  std::vector<relay*> relays;
  for (int i = 0; i < 60; ++i) relays.push_back(&open("n1", "many" + std::to_string(i)));
  start_second();
  int moved = 0;
  for (int i = 0; i < 60; ++i) {
    CHECK(relays[static_cast<std::size_t>(i)]->is_attached());
    moved += holder("many" + std::to_string(i)) == "n2/1";
  }
  CHECK(moved > static_cast<int>(host::max_moves));
  CHECK(moved < 60);
}

TEST_CASE_METHOD(hosts_fixture, "a node that leaves is empty once others have all that it had") {
  auto ns = start_two();
  open("n1", ns);
  auto done = false;
  auto asker =
      own(sys.spawn([&done, to = nodes.at("n2").host](caf::event_based_actor* self) -> caf::behavior {
        self->request(to, caf::infinite, vacate_atom_v).then([&done] { done = true; });
        return {[](int) {}};
      }));
  run();
  CHECK(!done);
  show_all({"n1"});
  CHECK(done);
  CHECK(holder(ns) == "n1/1");
  (void)asker;
}

TEST_CASE_METHOD(hosts_fixture, "without a shared store a namespace that moves begins a new history") {
  shared = false;
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.publish(a, "m1", event("m1"));
  run();
  start_second();
  REQUIRE(alice.attachments.size() == 2);
  CHECK(alice.attachments[1].epoch != alice.attachments[0].epoch);
  CHECK(alice.attachments[1].seq == 0);
  kill("n2");
  show_all({"n1"});
  advance(1s);
  REQUIRE(alice.attachments.size() == 3);
  CHECK(alice.attachments[2].epoch != alice.attachments[0].epoch); // what n1 kept of it is out of date
  CHECK(alice.attachments[2].seq == 0);
}

TEST_CASE_METHOD(hosts_fixture, "a node of a cluster opens what it had before it was started again") {
  shared = false;
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.publish(a, "m1", event("m1"));
  run();
  kill("n1");
  start("n1", 2);
  CHECK(open_at("n1") == R"({"namespaces":0})"); // it does not know yet whose they are
  show_all({"n1"});
  CHECK(open_at("n1") == R"({"namespaces":1})");
  auto& again = open("n1", ns);
  recorder bob("bob");
  again.join(bob);
  REQUIRE(bob.attachments.size() == 1);
  CHECK(bob.attachments[0].epoch == alice.attachments.at(0).epoch);
  CHECK(bob.attachments[0].seq == 1);
}

TEST_CASE_METHOD(hosts_fixture, "without a shared store a namespace that crashes goes on where it is") {
  shared = false;
  auto ns = start_two();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  x.publish(a, "m1", event("m1"));
  run();
  caf::anon_send_exit(alice.attachments.at(0).ns, caf::exit_reason::kill);
  advance(2s);
  REQUIRE(alice.attachments.size() == 2);
  CHECK(alice.attachments[1].epoch == alice.attachments[0].epoch);
  CHECK(alice.attachments[1].seq == 1);
}

TEST_CASE_METHOD(hosts_fixture, "what a namespace writes once its lease was broken is refused by the store") {
  auto ns = start_two();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  auto lease = std::get<lease_grant>(disk->look(namespace_lease(ns), now_ms()));
  disk->release(namespace_lease(ns), lease.owner, lease.epoch, now_ms());
  CHECK(!x.publish(a, "m1", event("m1")).refused()); // it does not know
  run();
  REQUIRE(alice.answers.size() == 1);
  CHECK(alice.answers[0].second.no.status == code::unavailable);
  CHECK(std::get<log_state>(disk->state_of_log(ns)).head == 0);
}

TEST_CASE_METHOD(hosts_fixture, "a namespace says nothing more once its node's lease is over") {
  auto ns = start_two();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  caf::anon_send_exit(nodes.at("n2").keeper, caf::exit_reason::kill); // as if the node had stood still
  run();
  sched.advance_time(2100ms); // nobody has run since
  x.read_log(a, "l", {});
  run();
  CHECK(alice.slices.empty());
}

TEST_CASE_METHOD(hosts_fixture,
                 "a namespace that kept crashing gets another chance with its node's next lease") {
  start("n1");
  show_all({"n1"});
  auto& x = open("n1", "demo");
  recorder alice("alice");
  x.join(alice);
  for (std::size_t crashes = 1; crashes <= 11; ++crashes) {
    caf::anon_send_exit(alice.attachments.back().ns, caf::exit_reason::kill);
    for (int i = 0; i < 600 && alice.attachments.size() == crashes; ++i) advance(50ms);
  }
  REQUIRE(alice.attachments.back().no.refused());
  auto lease = std::get<lease_grant>(disk->look(node_lease("n1"), now_ms()));
  disk->release(node_lease("n1"), lease.owner, lease.epoch, now_ms());
  advance(2s);
  x.join(alice);
  run();
  CHECK(!alice.attachments.back().no.refused());
}

TEST_CASE_METHOD(hosts_fixture, "a request to be attached that has been passed on too often is made again") {
  auto ns = start_two();
  open("n2", ns);
  auto asker = own(sys.spawn<test::probe<attach_later, attached>>());
  auto& told = deref<test::probe<attach_later, attached>>(asker);
  send(nodes.at("n1").host, attach_relay{ns, asker, host::max_hops - 1});
  CHECK(told.all<attached>().size() == 1);
  CHECK(told.all<attach_later>().empty());
  send(nodes.at("n1").host, attach_relay{ns, asker, host::max_hops});
  CHECK(told.all<attached>().size() == 1);
  CHECK(told.all<attach_later>().size() == 1);
}

TEST_CASE_METHOD(hosts_fixture,
                 "a relay that does not hear of a move holds it up for so long and no longer") {
  auto ns = start_one();
  auto deaf = own(sys.spawn<test::probe<attached, namespace_moves>>());
  send(nodes.at("n1").host, attach_relay{ns, deaf, 0});
  start_second();
  CHECK(deref<test::probe<attached, namespace_moves>>(deaf).all<namespace_moves>().size() == 1);
  advance(namespace_actor::move_patience - 100ms);
  CHECK(holder(ns) == "n1/1");
  advance(200ms);
  CHECK(holder(ns) == "n2/1");
}

TEST_CASE_METHOD(hosts_fixture, "acknowledgements that wait for a namespace that moves are bounded, too") {
  plan.bounds.relay_credit = 4;
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  caf::anon_send(alice.attachments.at(0).ns, move_atom_v);
  sched.run();
  unit.turn(); // it holds back now
  CHECK(!x.publish(a, "m1", event("m1")).refused());
  kill("n1");
  CHECK(alice.answers.empty());
  for (std::uint64_t i = 2; i < relay::max_held_per_credit * 4; ++i) x.tell(a, session_ack{0, i, {}});
  run();
  CHECK(alice.answers.empty());
  x.tell(a, session_ack{0, 100, {}});
  run();
  REQUIRE(alice.answers.size() == 1);
  CHECK(alice.answers[0].second.no.status == code::unavailable);
}

TEST_CASE_METHOD(hosts_fixture,
                 "a move waits for an answer that is being streamed, and for ten seconds at most") {
  agent_config worker;
  worker.name = "worker";
  worker.kind = "external";
  plan.agents = {worker};
  auto ns = start_one();
  auto& x = open("n1", ns);
  recorder alice("alice");
  auto a = x.join(alice);
  call_request what;
  what.target = "worker";
  what.client_id = "alice";
  what.message_id = "c1";
  what.input = "1";
  what.timeout_ms = 60'000;
  CHECK(!x.call(a, "c1", what).refused());
  run();
  start_second();
  CHECK(!x.publish(a, "m1", event("m1")).refused()); // events go on meanwhile
  advance(orchestrator::move_patience - 500ms, 50ms);
  CHECK(holder(ns) == "n1/1");
  CHECK(alice.answers.size() == 2);
  advance(1s, 50ms);
  CHECK(holder(ns) == "n2/1");
}
