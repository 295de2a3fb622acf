// What connections count in a turn.

#include "actors/core/stage_metrics.hpp"
#include "tests/support/connection_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;

TEST_CASE_METHOD(connection_fixture, "frames and deliveries are counted when the turn ends") {
  auto& to = shared->metrics;
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"a"})")["op"] == "ok");
  auto in = to.frames_in->value(), out = to.frames_out->value();
  CHECK(in == 2);
  CHECK(out == 2);
  line->on_text(R"({"op":"ping"})");
  for (std::uint64_t seq = 41; seq <= 43; ++seq) deliver(seq);
  CHECK(to.frames_in->value() == in);
  CHECK(to.deliveries->value() == 0);
  settle();
  CHECK(to.frames_in->value() == in + 1);
  CHECK(to.deliveries->value() == 3);
  CHECK(to.frames_out->value() == out + 4);
}

TEST_CASE_METHOD(connection_fixture, "what waits for a socket is told, and is nothing once it is closed") {
  auto& to = shared->metrics;
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"a"})")["op"] == "ok");
  CHECK(to.outbound_frames->value() == 0);
  for (std::uint64_t seq = 41; seq <= 43; ++seq) deliver(seq);
  run(); // and the socket takes its time
  CHECK(to.outbound_frames->value() == 3);
  CHECK(to.outbound_bytes->value() > 0);
  settle();
  CHECK(to.outbound_frames->value() == 0);
  CHECK(to.outbound_bytes->value() == 0);
  deliver(44);
  run();
  CHECK(to.outbound_frames->value() == 1);
  line->on_closed(1006, {});
  run();
  CHECK(to.outbound_frames->value() == 0);
  CHECK(to.outbound_bytes->value() == 0);
}

TEST_CASE_METHOD(connection_fixture, "history reads in progress are told") {
  auto& to = shared->metrics;
  welcome();
  for (auto* id : {"h1", "h2"})
    line->on_text(R"({"op":"history","id":")" + std::string{id} + R"(","pattern":"a","limit":10})");
  run();
  REQUIRE(gate.relay.reads.size() == 2);
  CHECK(to.history_reads->value() == 2);
  log_slice slice;
  slice.head = slice.read_to = 40;
  line->on_log_slice(gate.relay.reads[0].reference, slice);
  CHECK(to.history_reads->value() == 1);
  line->on_closed(1006, {});
  CHECK(to.history_reads->value() == 0);
}

TEST_CASE_METHOD(connection_fixture, "a publish and a call say when they were read") {
  if (!stage_metrics) SKIP("built without");
  welcome();
  say(R"({"op":"publish","message_id":"m1","type":"a","data":1})");
  say(R"({"op":"call","message_id":"m2","target":"echo","input":1})");
  REQUIRE(gate.relay.publishes.size() == 1);
  REQUIRE(gate.relay.calls.size() == 1);
  CHECK(gate.relay.publishes[0].what.read_at_ns == stage_time(sched.clock()));
  CHECK(gate.relay.calls[0].what.read_at_ns == stage_time(sched.clock()));
}
