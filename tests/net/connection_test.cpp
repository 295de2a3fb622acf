#include "tests/support/connection_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::connection_fixture;

TEST_CASE_METHOD(connection_fixture, "a hello is answered with a welcome once the namespace is reached") {
  gate.relay.attach_at_once = false;
  open();
  say(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
  CHECK(socket->sent.empty());
  CHECK_FALSE(socket->reading);
  CHECK(hellos_done == 0);
  gate.relay.who->on_attached(gate.relay.info);
  settle();
  auto welcome = take();
  CHECK(!welcome["session"].get<std::string>().empty());
  welcome.erase("session");
  CHECK(welcome
        == nlohmann::json::parse(R"({"op":"welcome","namespace":"demo","client_id":"alice","epoch":"e1",
    "seq":40,"node":"n1","heartbeat_ms":25000,"session_ttl_ms":0,"recovered":false,
    "limits":{"max_frame_bytes":65536,"publish_per_s":200,"burst":400}})"));
  CHECK(socket->reading);
  CHECK(hellos_done == 1);
  CHECK(gate.inside["demo"] == 1);
}

TEST_CASE_METHOD(connection_fixture, "a hello must come first, and only once") {
  open();
  auto early = ask(R"({"op":"publish","type":"a","message_id":"m1","data":1})");
  CHECK(early["code"] == 400);
  CHECK(early["message_id"] == "m1");
  CHECK(ask(R"({"op":"hello","namespace":"demo","client_id":"agent:x"})")["code"] == 403);
  CHECK(ask(R"({"op":"hello","namespace":"demo","client_id":"alice"})")["op"] == "welcome");
  CHECK(ask(R"({"op":"hello","namespace":"demo","client_id":"alice"})")["code"] == 400);
  CHECK_FALSE(socket->closed_with);
}

TEST_CASE_METHOD(connection_fixture, "who does not say hello in time is closed with 1008") {
  open();
  pass(4900ms);
  CHECK_FALSE(socket->closed_with);
  pass(700ms);
  CHECK(socket->closed_with == close_code::policy);
  CHECK(hellos_done == 1);
}

TEST_CASE_METHOD(connection_fixture, "a namespace that refuses is told and closed with 1013") {
  open();
  SECTION("at the gate") { gate.no = {code::too_many, "quota", "full", 500, "namespace", 9, 9}; }
  SECTION("by the namespace") { gate.relay.info.no = {code::too_many, "quota", "full", 500, "node", 9, 9}; }
  auto no = ask(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
  CHECK(no["code"] == 429);
  CHECK(no["reason"] == "quota");
  CHECK(no["retry_after_ms"] == 500);
  CHECK(socket->closed_with == close_code::try_again);
  line->on_closed(1013, "");
  CHECK(gate.inside["demo"] == 0);
  line = nullptr;
}

TEST_CASE_METHOD(connection_fixture, "publishes go to the relay in order and are answered by its answers") {
  welcome();
  say(R"({"op":"publish","type":"chat.1","message_id":"m1","data":{"b":1},"to":"bob","ephemeral":true})");
  say(R"({"op":"publish","type":"chat.1","message_id":"m2","data":2})");
  auto& asked = gate.relay.publishes;
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].what.client_id == "alice");
  CHECK(asked[0].what.message_id == "m1");
  CHECK(asked[0].what.to == "bob");
  CHECK(asked[0].what.ephemeral);
  CHECK(asked[0].what.data == R"({"b":1})");
  CHECK(asked[1].what.message_id == "m2");
  answer yes;
  yes.seq = 41;
  yes.duplicate = true;
  line->on_answer(asked[1].reference, yes);
  answer no;
  no.no = {code::conflict, "conflict", "another content", 0, {}, 0, 0};
  line->on_answer(asked[0].reference, no);
  settle();
  CHECK(take()
        == nlohmann::json::parse(
            R"({"op":"ok","message_id":"m2","event_id":"alice/m2","seq":41,"duplicate":true})"));
  auto error = take();
  CHECK(error["code"] == 409);
  CHECK(error["message_id"] == "m1");
}

TEST_CASE_METHOD(connection_fixture, "a relay without credit is a 429 that names what was refused") {
  welcome();
  gate.relay.no = {code::too_many, "namespace_full", "full", 20, "namespace", 8, 8};
  CHECK(ask(R"({"op":"publish","type":"a","message_id":"m1","data":1})")["message_id"] == "m1");
  CHECK(ask(R"({"op":"call","target":"echo","message_id":"c1","input":1})")["message_id"] == "c1");
  auto no = ask(R"({"op":"cancel","run_id":"alice/c1"})");
  CHECK(no["run_id"] == "alice/c1");
  CHECK(no["reason"] == "namespace_full");
  CHECK(no["retry_after_ms"] == 20);
}

TEST_CASE_METHOD(connection_fixture, "subscriptions are known by their id") {
  limit(&limits::subscriptions_per_session, 2);
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"s1","pattern":"a.>"})")
        == nlohmann::json::parse(R"({"op":"ok","id":"s1","seq":40})"));
  CHECK(ask(R"({"op":"subscribe","id":"s1","pattern":"b"})")["code"] == 409);
  CHECK(ask(R"({"op":"subscribe","id":"s2","pattern":"a.>"})")["op"] == "ok");
  auto full = ask(R"({"op":"subscribe","id":"s3","pattern":"c"})");
  CHECK(full["code"] == 413);
  CHECK(full["id"] == "s3");
  CHECK(gate.relay.patterns.size() == 2);
  CHECK(ask(R"({"op":"unsubscribe","id":"s1"})")["op"] == "ok");
  CHECK(ask(R"({"op":"unsubscribe","id":"s1"})")["reason"] == "unknown_subscription");
  CHECK(gate.relay.patterns == std::vector<std::string>{"a.>"});
}

TEST_CASE_METHOD(connection_fixture, "a call is answered, streamed and ended") {
  welcome();
  say(R"({"op":"call","target":"echo","message_id":"c1","input":"hi","timeout_ms":500,"stream":true})");
  REQUIRE(gate.relay.calls.size() == 1);
  auto& asked = gate.relay.calls[0];
  CHECK(asked.what.target == "echo");
  CHECK(asked.what.timeout_ms == 500);
  CHECK(asked.what.caller.stream);
  line->on_answer(asked.reference, answer{});
  line->on_run_update({7, false, {"alice/c1", 0, "he"}, {}});
  line->on_run_update({7, false, {"alice/c1", 2, "llo"}, {}});
  run_update last;
  last.finished = true;
  last.result.run_id = "alice/c1";
  last.result.status = run_status::complete;
  last.result.output = "\"hello\"";
  line->on_run_update(last);
  settle();
  CHECK(take() == nlohmann::json::parse(R"({"op":"ok","run_id":"alice/c1"})"));
  CHECK(take()["text"] == "hello");
  CHECK(take()["output"] == "hello");
  say(R"({"op":"cancel","run_id":"alice/c1"})");
  REQUIRE(gate.relay.cancels.size() == 1);
  answer unknown;
  unknown.no = {code::not_found, "unknown_run", "no such run", 0, {}, 0, 0};
  line->on_answer(gate.relay.cancels[0].reference, unknown);
  settle();
  CHECK(take()["run_id"] == "alice/c1");
}

TEST_CASE_METHOD(connection_fixture, "a run is watched from where the client says") {
  welcome();
  say(R"({"op":"watch","run_id":"bob/c1","at":7})");
  REQUIRE(gate.relay.watches.size() == 1);
  CHECK(gate.relay.watches[0].what == std::pair<std::string, std::uint64_t>{"bob/c1", 7});
  line->on_answer(gate.relay.watches[0].reference, answer{});
  line->on_run_update({7, false, {"bob/c1", 7, "deep"}, {}});
  settle();
  CHECK(take() == nlohmann::json::parse(R"({"op":"ok","run_id":"bob/c1"})"));
  CHECK(take()["at"] == 7);
  say(R"({"op":"unwatch","run_id":"bob/c1"})");
  REQUIRE(gate.relay.unwatches.size() == 1);
  gate.relay.no = {code::unavailable, "unavailable", "restarting", 1000, {}, 0, 0};
  for (auto* op : {"watch", "unwatch"}) {
    auto no = ask(std::string{R"({"op":")"} + op + R"(","run_id":"bob/c1"})");
    CHECK(no["code"] == 503);
    CHECK(no["run_id"] == "bob/c1");
  }
}

TEST_CASE_METHOD(connection_fixture, "what a client says as an external agent goes to the run") {
  welcome();
  say(R"({"op":"delta","run_id":"bob/c1","at":2,"text":"a"})");
  say(R"({"op":"delta","run_id":"bob/c1","text":"b"})");
  say(R"({"op":"result","run_id":"bob/c1","output":{"n":1},"usage":{"input_tokens":3}})");
  say(R"({"op":"result","run_id":"bob/c1","error":{"message":"no"}})");
  auto& pieces = gate.relay.worker_deltas;
  REQUIRE(pieces.size() == 2);
  CHECK(pieces[0].what.at == 2);
  CHECK(pieces[0].what.text == "a");
  CHECK(pieces[1].what.at == worker_delta::append);
  auto& ends = gate.relay.worker_results;
  REQUIRE(ends.size() == 2);
  CHECK(ends[0].what.output == R"({"n":1})");
  CHECK(ends[0].what.usage.input_tokens == 3);
  CHECK_FALSE(ends[0].what.failed);
  CHECK(ends[1].what.failed);
  CHECK(ends[1].what.message == "no");
  answer conflict;
  conflict.no = {code::conflict, "conflict", "not in hand", 0, {}, 0, 0};
  line->on_answer(pieces[0].reference, conflict);
  settle();
  auto no = take();
  CHECK(no["code"] == 409);
  CHECK(no["run_id"] == "bob/c1");
}

TEST_CASE_METHOD(connection_fixture, "a call passes on its thread and what is to become of it") {
  welcome();
  say(R"({"op":"call","target":"e","message_id":"c1","input":1,"thread":"t","on_busy":"replace","on_disconnect":"cancel"})");
  REQUIRE(gate.relay.calls.size() == 1);
  CHECK(gate.relay.calls[0].what.thread == "t");
  CHECK(gate.relay.calls[0].what.on_busy == busy_policy::replace);
  CHECK(gate.relay.calls[0].what.cancel_on_disconnect);
}

TEST_CASE_METHOD(connection_fixture, "all that comes in one turn is written at once") {
  welcome();
  auto writes = socket->writes;
  for (std::uint64_t seq = 41; seq <= 60; ++seq) deliver(seq);
  line->on_text(R"({"op":"ping","id":"1"})");
  settle();
  CHECK(socket->writes == writes + 1);
  CHECK(socket->sent.size() == 21);
  CHECK(take()["op"] == "pong");
  CHECK(take()["seq"] == 41);
}

TEST_CASE_METHOD(connection_fixture, "above its rate a connection gets 429 with when to come again") {
  limit(&limits::publish_per_s, 10);
  limit(&limits::burst, 4);
  welcome();
  int hints = 0;
  for (int i = 0; i < 4; ++i) {
    say(R"({"op":"ping"})");
    while (!socket->sent.empty()) hints += take()["op"] == "slow_down" ? 1 : 0;
  }
  CHECK(hints == 1);
  auto no = ask(R"({"op":"publish","type":"a","message_id":"m1","data":1})");
  CHECK(no["reason"] == "rate");
  CHECK(no["scope"] == "connection");
  CHECK(no["retry_after_ms"] == 100);
  CHECK(no["limit"] == 4);
  CHECK(no["depth"] == 4);
  CHECK(no["message_id"] == "m1");
  CHECK(gate.relay.publishes.empty());
  pass(250ms);
  say(R"({"op":"publish","type":"a","message_id":"m1","data":1})");
  CHECK(gate.relay.publishes.size() == 1);
}

TEST_CASE_METHOD(connection_fixture, "a client far above its rate is not read until tokens have come back") {
  limit(&limits::publish_per_s, 10);
  limit(&limits::burst, 4);
  welcome();
  SECTION("by frames") {
    for (int i = 0; i < 9; ++i) say(R"({"op":"ping"})");
  }
  SECTION("by pings of the transport") {
    for (int i = 0; i < 9; ++i) line->on_overhead();
  }
  SECTION("by pongs that nobody asked for") {
    for (int i = 0; i < 9; ++i) line->on_pong();
  }
  CHECK_FALSE(socket->reading);
  socket->sent.clear();
  pass(750ms);
  CHECK(socket->reading);
  CHECK(ask(R"({"op":"ping"})")["op"] == "pong");
}

TEST_CASE_METHOD(connection_fixture, "a flood before the hello is not read either") {
  limit(&limits::publish_per_s, 10);
  limit(&limits::burst, 4);
  open();
  for (int i = 0; i < 9; ++i) line->on_overhead();
  settle();
  CHECK_FALSE(socket->reading);
  pass(750ms);
  CHECK(socket->reading);
}

TEST_CASE_METHOD(connection_fixture, "the limits that a namespace has of its own hold for its connections") {
  limits of_node, own;
  own.publish_per_s = 10;
  own.burst = 3;
  own.subscriptions_per_session = 1;
  own.connections = 7;
  own.outbound_frames = 2;
  shared->use_limits(std::make_shared<const namespace_limits>(
      of_node, std::map<std::string, limits, std::less<>>{{"demo", own}, {"*", of_node}}));
  open();
  say(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
  auto hello = take();
  CHECK(hello["limits"]["publish_per_s"] == 10);
  CHECK(hello["limits"]["burst"] == 3);
  CHECK(gate.last_most == 7);
  CHECK(ask(R"({"op":"subscribe","id":"s1","pattern":"a.>"})")["op"] == "ok");
  auto full = ask(R"({"op":"subscribe","id":"s2","pattern":"b"})");
  CHECK(full["reason"] == "too_large");
  while (!socket->sent.empty()) take();
  for (int i = 0; i < 3; ++i) say(R"({"op":"ping"})");
  std::string reason;
  while (!socket->sent.empty()) reason = take().value("reason", reason);
  CHECK(reason == "rate");
}

TEST_CASE_METHOD(connection_fixture, "new limits hold for connections that are there") {
  welcome();
  auto own = shared->bounds->of_node();
  own.burst = 1;
  own.publish_per_s = 1;
  shared->use_limits(std::make_shared<const namespace_limits>(
      limits{}, std::map<std::string, limits, std::less<>>{{"*", own}}));
  say(R"({"op":"ping"})");
  while (!socket->sent.empty()) take();
  CHECK(ask(R"({"op":"ping"})")["reason"] == "rate");
  limit(&limits::burst, 100);
  pass(1s);
  for (int i = 0; i < 50; ++i) CHECK(ask(R"({"op":"ping"})")["op"] != "error");
}

TEST_CASE_METHOD(connection_fixture, "ten bad frames within ten seconds close with 1008") {
  welcome();
  for (int i = 0; i < 9; ++i) CHECK(ask("{")["reason"] == "malformed");
  pass(10s);
  CHECK(ask("{")["reason"] == "malformed");
  CHECK_FALSE(socket->closed_with);
  for (int i = 0; i < 9; ++i) CHECK(ask("{")["reason"] == "malformed");
  CHECK(socket->closed_with == close_code::policy);
}

TEST_CASE_METHOD(connection_fixture, "two pings without a pong end the connection") {
  welcome();
  pass(26s);
  CHECK(socket->pings == 1);
  line->on_pong();
  pass(52s);
  CHECK(socket->pings == 3);
  CHECK_FALSE(socket->closed_with);
  pass(26s);
  CHECK(socket->closed_with == close_code::policy);
}

TEST_CASE_METHOD(connection_fixture, "a client that does not read its answers is not read itself") {
  limit(&limits::outbound_frames, 4);
  welcome();
  for (int i = 0; i < 6; ++i) line->on_text(R"({"op":"ping"})");
  CHECK_FALSE(socket->reading);
  settle();
  CHECK(socket->reading);
  CHECK(socket->sent.size() == 6);
}

TEST_CASE_METHOD(connection_fixture, "answers that pile up far beyond the bound end the connection") {
  limit(&limits::outbound_frames, 4);
  welcome();
  for (int i = 0; i < 40; ++i) line->on_run_update({7, false, {"r/" + std::to_string(i), 0, "x"}, {}});
  settle();
  CHECK(socket->closed_with == close_code::policy);
}

TEST_CASE_METHOD(connection_fixture, "a slow reader lags, is fed from the log and catches up") {
  limit(&limits::outbound_frames, 4);
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"a"})")["op"] == "ok");
  for (std::uint64_t seq = 41; seq <= 50; ++seq) deliver(seq);
  deliver(0);
  run();
  CHECK(gate.relay.reads.empty()); // nothing has been written yet
  CHECK(shared->metrics.lagging->value() == 1);
  settle();
  for (int seq = 41; seq <= 44; ++seq) CHECK(take()["seq"] == seq);
  CHECK(take() == nlohmann::json::parse(R"({"op":"lagging","seq":44})"));
  REQUIRE(gate.relay.reads.size() == 1);
  auto& asked = gate.relay.reads[0];
  CHECK(asked.what.after_seq == 44);
  CHECK(asked.what.client_id == "alice");
  CHECK(asked.what.patterns == std::vector<std::string>{"a"});
  log_slice slice;
  slice.first_kept = 46;
  slice.read_to = slice.head = 47;
  event x;
  x.seq = 47;
  x.type = "a";
  x.data = "1";
  slice.deliveries.push_back({std::make_shared<const event>(x), nullptr});
  line->on_log_slice("l:999", slice); // an old read's
  line->on_log_slice(asked.reference, slice);
  settle();
  deliver(48);
  settle();
  CHECK(take() == nlohmann::json::parse(R"({"op":"gap","from":45,"to":45,"reason":"trimmed"})"));
  CHECK(take()["seq"] == 47);
  CHECK(take()["reason"] == "ephemeral_dropped");
  CHECK(take() == nlohmann::json::parse(R"({"op":"caught_up","seq":47})"));
  CHECK(take()["seq"] == 48);
  CHECK(shared->metrics.lagging->value() == 0);
}

TEST_CASE_METHOD(connection_fixture, "a log that cannot be read now is read later") {
  limit(&limits::outbound_frames, 1);
  welcome();
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"a"})")["op"] == "ok");
  gate.relay.no = {code::too_many, "namespace_full", "full", 20, "namespace", 8, 8};
  deliver(41);
  deliver(42);
  settle();
  CHECK(gate.relay.reads.empty());
  gate.relay.no = {};
  pass(250ms);
  CHECK(gate.relay.reads.size() == 1);
}

TEST_CASE_METHOD(connection_fixture, "a new epoch of the namespace is told as a gap") {
  welcome();
  auto info = gate.relay.info;
  info.epoch = "e2";
  info.seq = 3;
  line->on_attached(info);
  settle();
  auto gap = take();
  CHECK(gap["op"] == "gap");
  CHECK(gap["from"] == 1);
  CHECK(gap["to"] == 3);
  CHECK(gap["reason"] == "epoch");
  CHECK(gap["epoch"] == "e2");
}

TEST_CASE_METHOD(connection_fixture, "a connection leaves its relay once, whoever ends it") {
  welcome();
  SECTION("the client") {
    line->on_closed(1000, "");
    run();
    CHECK_FALSE(socket->closed_with);
  }
  SECTION("the node") {
    caf::anon_send_exit(handle, caf::exit_reason::user_shutdown);
    run();
    CHECK(socket->closed_with == close_code::going_away);
    line->on_closed(1001, "");
  }
  SECTION("its relay's death") {
    caf::anon_send_exit(gate.actor, caf::exit_reason::kill);
    settle();
    CHECK(socket->closed_with == close_code::internal);
    line->on_closed(1011, "");
  }
  CHECK(gate.relay.left == 1);
  CHECK(gate.inside["demo"] == 0);
  CHECK(shared->connections.empty());
  CHECK(shared->metrics.connections->value() == 0);
  line = nullptr;
}
