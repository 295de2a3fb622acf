// How long an event's way takes, stage by stage; and what a namespace tells of its bounds.

#include "actors/core/label_book.hpp"
#include "actors/namespace/namespace_meters.hpp"
#include "testing/node_fixture.hpp"
#include "tests/support/stages.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using Catch::Approx;
using test::recorder;

namespace {

class stages_fixture : public test::node_fixture {
public:
  test::observed stage(caf::string_view what) {
    return test::observed_of(sys, "event-stage", {{"namespace", "all"}, {"stage", what}});
  }

  std::int64_t gauge(caf::string_view name, caf::string_view ns = "demo") {
    return sys.metrics().gauge_instance("weir", name, {{"namespace", ns}}, "")->value();
  }

  std::int64_t refused(caf::string_view reason) {
    return sys.metrics()
        .counter_instance("weir", "events-refused", {{"namespace", "demo"}, {"reason", reason}}, "", "1",
                          true)
        ->value();
  }

  publish_request timed(const std::string& id) {
    auto out = event_of("alice", id, "a");
    out.read_at_ns = stage_time(sched.clock());
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(stages_fixture, "each stage of an event's way is timed, on each relay") {
  if (!stage_metrics) SKIP("built without");
  auto& x = open("demo");
  auto& y = open("demo");
  recorder alice("alice"), bob("bob");
  auto a = x.join(alice);
  y.subscribe(y.join(bob), "a");
  auto first = timed("m1");
  sched.advance_time(30ms); // read by now, and not yet handed on
  CHECK(!x.publish(a, "m1", first).refused());
  CHECK(!x.publish(a, "m2", timed("m2")).refused());
  run();
  CHECK(bob.deliveries.size() == 2);
  CHECK(stage("accepted").count == 2);
  CHECK(stage("accepted").sum_s == Approx(0.03));
  CHECK(stage("kept").count == 1);       // one batch …
  CHECK(stage("fanned_out").count == 2); // … on two relays
  CHECK(stage("written").count == 2);
}

TEST_CASE_METHOD(stages_fixture, "batches of one turn are timed one by one") {
  if (!stage_metrics) SKIP("built without");
  auto& x = open("demo");
  recorder alice("alice");
  x.join(alice);
  for (int i = 0; i < 3; ++i)
    caf::anon_send(caf::actor_cast<caf::actor>(&x), delivery_batch{{}, stage_time(sched.clock())});
  run();
  CHECK(stage("fanned_out").count == 3);
  CHECK(stage("written").count == 3);
  caf::anon_send(caf::actor_cast<caf::actor>(&x), delivery_batch{{}, stage_time(sched.clock())});
  run();
  CHECK(stage("written").count == 4);
}

TEST_CASE_METHOD(stages_fixture, "a wait for the predecessor is part of being accepted") {
  if (!stage_metrics) SKIP("built without");
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  auto second = timed("m2");
  second.prev_event_id = "alice/m1";
  x.publish(a, "m2", second);
  advance(500ms);
  CHECK(stage("accepted").count == 0);
  CHECK(gauge("causal-depth") == 1);
  x.publish(a, "m1", timed("m1"));
  run();
  CHECK(stage("accepted").count == 2);
  CHECK(stage("accepted").sum_s == Approx(0.5));
}

TEST_CASE_METHOD(stages_fixture, "what comes at an unknown time, or is not kept, is not timed") {
  if (!stage_metrics) SKIP("built without");
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  x.subscribe(a, "a");
  x.publish(a, "m1", event_of("alice", "m1", "a"));
  run();
  CHECK(stage("accepted").count == 0);
  CHECK(stage("kept").count == 1);
  auto ephemeral = timed("m2");
  ephemeral.ephemeral = true;
  x.publish(a, "m2", ephemeral);
  x.publish(a, "m1", timed("m1")); // a repeat
  run();
  CHECK(alice.deliveries.size() == 2);
  CHECK(stage("accepted").count == 0);
  CHECK(stage("kept").count == 1);
  CHECK(stage("fanned_out").count == 1);
}

TEST_CASE_METHOD(stages_fixture, "a node's times do not travel to another") {
  publish_request what = event_of("alice", "m1", "a"), got;
  what.read_at_ns = 7;
  caf::byte_buffer bytes;
  caf::binary_serializer out{sys, bytes};
  REQUIRE(out.apply(what));
  caf::binary_deserializer in{sys, bytes};
  REQUIRE(in.apply(got));
  CHECK(got.message_id == "m1");
  CHECK(got.read_at_ns == 0);
}

TEST_CASE_METHOD(stages_fixture, "a namespace tells how full it is, and nothing once it has ended") {
  disk = std::make_shared<test::spy>();
  plan.bounds.relay_credit = 5;
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  for (auto* id : {"m1", "m2"}) x.publish(a, id, event_of("alice", id, "a"));
  run();
  CHECK(gauge("log-events") == 2);
  CHECK(gauge("log-bytes") > 0);
  CHECK(gauge("kept-events") == 2);
  CHECK(gauge("kept-bytes") > 0);
  CHECK(gauge("dedupe-ids") == 2);
  CHECK(gauge("namespace-pending-limit") == 5);
  auto other = event_of("alice", "m1", "a", "2");
  x.publish(a, "m1", other);
  run();
  CHECK(refused("conflict") == 1);
  caf::anon_send_exit(the_host, caf::exit_reason::kill);
  run();
  CHECK(gauge("log-events") == 0);
  CHECK(gauge("kept-bytes") == 0);
  CHECK(gauge("namespace-pending-limit") == 0);
}

TEST_CASE_METHOD(stages_fixture, "what is on its way to a namespace is told at the end of a turn") {
  auto& x = open("demo");
  recorder alice("alice");
  auto a = x.join(alice);
  for (auto* id : {"m1", "m2"}) x.publish(a, id, event_of("alice", id, "a"));
  unit.turn();
  CHECK(gauge("namespace-pending") == 2);
  run();
  CHECK(gauge("namespace-pending") == 0);
}

TEST_CASE_METHOD(test::fixture, "namespaces that share a label add up") {
  label_book<namespace_metrics> book{sys};
  namespace_meters a{book.of("other")};
  {
    namespace_meters b{book.of("other")};
    a.sessions.value(2);
    b.sessions.value(3);
    auto* whole = sys.metrics().gauge_instance("weir", "sessions", {{"namespace", "other"}}, "");
    CHECK(whole->value() == 5);
    b.clear();
    CHECK(whole->value() == 2);
    a.all().accepted->inc();
    b.all().accepted->inc();
    CHECK(a.all().accepted->value() == 2);
    CHECK(&a.all() == &b.all());
    CHECK(&a.all() != book.of("demo").get());
  }
  a.clear();
}
