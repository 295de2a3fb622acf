// The whole way through, with the real node.
#include "actors/core/utf8.hpp"
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"

using namespace weir;
using namespace weir::test;

TEST_CASE("a client is welcomed with all that the contract names") {
  node_process node;
  node.start();
  client alice(node, "alice");
  auto& x = alice.welcome;
  CHECK(x["op"] == "welcome");
  CHECK(x["namespace"] == "demo");
  CHECK(x["client_id"] == "alice");
  CHECK(x["recovered"] == false);
  CHECK(x["epoch"].is_string());
  CHECK(x["seq"] == 0);
  CHECK(x["node"] == "n1");
  CHECK(x["heartbeat_ms"] == 25000);
  CHECK(x["limits"] == json{{"max_frame_bytes", 65536}, {"publish_per_s", 200}, {"burst", 400}});
}

TEST_CASE("what one client publishes reaches another as it was, in order and once") {
  node_process node;
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  CHECK(bob.subscribe("chat.*.message")["op"] == "ok");
  bob.subscribe("chat.>");
  for (int i = 1; i <= 100; ++i) alice.publish("chat.a.message", "m" + std::to_string(i), {{"n", i}});
  for (int i = 1; i <= 100; ++i) {
    auto x = bob.await("event");
    REQUIRE(x["data"] == json{{"n", i}});
    CHECK(x["seq"] == i);
    CHECK(x["event_id"] == "alice/m" + std::to_string(i));
    CHECK(x["client_id"] == "alice");
    CHECK(x["type"] == "chat.a.message");
    auto ok = alice.await("ok");
    CHECK(ok["seq"] == i);
    CHECK(ok["message_id"] == "m" + std::to_string(i));
  }
}

TEST_CASE("a repeat is answered with the first one's seq, and other content is a conflict") {
  node_process node;
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  bob.subscribe(">");
  json frame = {{"op", "publish"}, {"type", "a"}, {"message_id", "m1"}, {"data", 1}};
  CHECK(alice.ask(frame)["seq"] == 1);
  auto again = alice.ask(frame);
  CHECK(again["seq"] == 1);
  CHECK(again["duplicate"] == true);
  frame["data"] = 2;
  auto other = alice.ask(frame);
  CHECK(other["code"] == 409);
  CHECK(other["reason"] == "conflict");
  CHECK(other["message_id"] == "m1");
  alice.publish("a", "m2");
  CHECK(bob.await("event")["message_id"] == "m1");
  CHECK(bob.await("event")["message_id"] == "m2");
}

TEST_CASE("the assistant streams an answer, and an event on a chat is answered on it") {
  node_process node(R"({"models":{"default":{"simulated":{"first_piece_ms":5,"piece_ms":1}}}})");
  node.start();
  client alice(node, "alice");
  auto ok = alice.ask(
      {{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "hello"}, {"stream", true}});
  CHECK(ok["run_id"] == "alice/c1");
  std::string text;
  for (;;) {
    auto x = alice.await([](const json& f) { return f["op"] == "delta" || f["op"] == "result"; });
    REQUIRE(!x.is_null());
    if (x["op"] == "result") {
      CHECK(x["status"] == "complete");
      CHECK(x["output"] == json{{"text", text}});
      CHECK(x["run_id"] == "alice/c1");
      break;
    }
    CHECK(x["at"] == utf8::code_points(text));
    text += x["text"].get<std::string>();
  }
  CHECK(!text.empty());
  alice.subscribe("chat.room1.reply");
  alice.publish("chat.room1.message", "m1", {{"text", "hi"}});
  auto reply = alice.await("event");
  CHECK(reply["client_id"] == "agent:assistant");
  CHECK(reply["data"]["status"] == "complete");
}

TEST_CASE("echo gives back its input, an unknown target is told so, and a run can be cancelled") {
  node_process node(R"({"models":{"default":{"simulated":{"hang_rate":1}}}})");
  node.start();
  client alice(node, "alice");
  alice.send({{"op", "call"}, {"target", "echo"}, {"message_id", "c1"}, {"input", {{"x", {1, 2}}}}});
  CHECK(alice.await("result")["output"] == json{{"x", {1, 2}}});
  auto no = alice.ask({{"op", "call"}, {"target", "nobody"}, {"message_id", "c2"}, {"input", 1}});
  CHECK(no["code"] == 404);
  CHECK(no["reason"] == "unknown_target");
  alice.ask({{"op", "call"}, {"target", "assistant"}, {"message_id", "c3"}, {"input", "hi"}});
  alice.send({{"op", "cancel"}, {"run_id", "alice/c3"}});
  bool answered = false, cancelled = false; // in either order
  alice.await([&](const json& x) {
    answered = answered || x["op"] == "ok";
    cancelled = cancelled || (x["op"] == "result" && x["status"] == "cancelled");
    return answered && cancelled;
  });
  CHECK(answered);
  CHECK(cancelled);
  CHECK(alice.ask({{"op", "cancel"}, {"run_id", "alice/c3"}})["reason"] == "unknown_run");
}

TEST_CASE("an event for one client reaches that one only, and an ephemeral one has no seq") {
  node_process node;
  node.start();
  client alice(node, "alice"), bob(node, "bob"), carol(node, "carol");
  bob.subscribe("a");
  carol.subscribe("a");
  alice.send({{"op", "publish"}, {"type", "a"}, {"message_id", "m1"}, {"data", 1}, {"to", "bob"}});
  auto ok =
      alice.ask({{"op", "publish"}, {"type", "a"}, {"message_id", "m2"}, {"data", 2}, {"ephemeral", true}});
  CHECK(bob.await("event")["data"] == 1);
  auto x = carol.await("event");
  CHECK(x["data"] == 2);
  CHECK(!x.contains("seq"));
}

TEST_CASE("an agent of an author's runs in a node that links it") {
  node_process node(R"({"agents":{"shout":{"kind":"shout"}},"namespaces":{"*":{"agents":["shout"]}}})", {},
                    WEIR_SHOUT_PATH);
  node.start();
  client alice(node, "alice");
  alice.send({{"op", "call"}, {"target", "shout"}, {"message_id", "c1"}, {"input", "hello"}});
  CHECK(alice.await("result")["output"] == "HELLO");
  alice.subscribe("shout.*");
  alice.publish("say.room1", "m1", "hey");
  auto x = alice.await("event");
  CHECK(x["type"] == "shout.room1");
  CHECK(x["data"] == "HEY");
  // One that it cannot read crashes it, twice; the next one is handled all the same.
  alice.subscribe("sys.agent.*");
  alice.publish("say.room1", "m2", 7);
  alice.publish("say.room1", "m3", "on");
  auto dead =
      alice.await([](const json& f) { return f["op"] == "event" && f["type"] == "sys.agent.dead_letter"; });
  CHECK(dead["data"]["event_id"] == "alice/m2");
  CHECK(dead["data"]["attempts"] == 2);
  CHECK(alice.await([](const json& f) { return f["op"] == "event" && f["type"] == "shout.room1"; })["data"]
        == "ON");
}

TEST_CASE("a node that is told to stop says so to its clients and ends with status 0") {
  node_process node;
  node.start();
  client alice(node, "alice");
  CHECK(node.stop() == 0);
  CHECK(alice.await("nothing more").is_null());
  CHECK(alice.socket.close_code() == 1001);
}

TEST_CASE("a second node on a port that is taken does not start, and says which") {
  node_process node;
  node.start();
  node_process second;
  second.use_port(node.port());
  std::string why;
  try {
    second.start();
  } catch (const std::runtime_error& error) {
    why = error.what();
  }
  CHECK(why.find("cannot listen on 127.0.0.1:" + std::to_string(node.port())) != std::string::npos);
  client alice(node, "alice");
  CHECK(alice.is_served());
}
