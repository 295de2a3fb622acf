// What a node was told is there after it: sessions, queues, the log, seen by clients over real sockets.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"

#include <filesystem>
#include <fstream>

using namespace weir::test;

namespace {

/// A hello of its own making, and what it is answered with.
json resume(weir::ws_client& socket, const node_process& node, const std::string& id,
            const std::string& session, std::uint64_t last_seq) {
  socket.connect(node.url());
  json hello = {{"op", "hello"},
                {"namespace", "demo"},
                {"client_id", id},
                {"session", session},
                {"last_seq", last_seq}};
  socket.send(hello.dump());
  auto text = socket.receive(5s);
  return text ? json::parse(*text) : json();
}

json next_of(weir::ws_client& socket, const std::string& op) {
  for (int i = 0; i < 100; ++i) {
    auto text = socket.receive(2s);
    if (!text) break;
    auto x = json::parse(*text);
    if (x["op"] == op) return x;
  }
  return {};
}

} // namespace

TEST_CASE("a client goes on where it was after its node was killed") {
  node_process node;
  node.start();
  std::string session;
  std::uint64_t last_seq = 0;
  {
    client alice{node, "alice"}, bob{node, "bob"};
    auto& welcome = bob.welcome;
    CHECK(welcome["recovered"] == false);
    session = welcome["session"];
    CHECK(bob.subscribe("chat.*")["op"] == "ok");
    for (int i = 1; i <= 3; ++i)
      CHECK(alice.ask({{"op", "publish"},
                       {"type", "chat.a"},
                       {"message_id", "m" + std::to_string(i)},
                       {"data", i}})["seq"]
            == i);
    last_seq = bob.await("event")["seq"];
    CHECK(last_seq == 1);
    node.kill();
  }
  node.start();
  weir::ws_client bob;
  auto welcome = resume(bob, node, "bob", session, last_seq);
  CHECK(welcome["recovered"] == true);
  CHECK(next_of(bob, "event")["message_id"] == "m2");
  CHECK(next_of(bob, "event")["message_id"] == "m3");
  client alice{node, "alice"};
  auto again = alice.ask({{"op", "publish"}, {"type", "chat.a"}, {"message_id", "m2"}, {"data", 2}});
  CHECK(again["duplicate"] == true);
  CHECK(again["seq"] == 2);
  alice.publish("chat.a", "m4");
  CHECK(next_of(bob, "event")["message_id"] == "m4");
}

TEST_CASE("of two sockets of one session the first is closed with 4409") {
  node_process node;
  node.start();
  client first{node, "alice"};
  weir::ws_client second;
  auto welcome = resume(second, node, "alice", first.welcome["session"], 0);
  CHECK(welcome["op"] == "welcome");
  while (first.socket.is_open() && !first.receive(2s).is_null()) {
  }
  CHECK(first.socket.close_code() == 4409);
}

TEST_CASE("history and a subscription from the past read what there was") {
  node_process node{R"({"limits":{"log_events":10}})"};
  node.start();
  client alice{node, "alice"};
  for (int i = 1; i <= 50; ++i) alice.publish(i % 2 == 0 ? "even" : "odd", "m" + std::to_string(i), i);
  alice.await([](const json& x) { return x["message_id"] == "m50"; });
  alice.send({{"op", "history"}, {"id", "h"}, {"pattern", "odd"}, {"after_seq", 10}, {"limit", 5}});
  auto history = alice.await("history");
  REQUIRE(history["events"].size() == 5);
  CHECK(history["events"][0]["seq"] == 11);
  CHECK(history["more"] == true);
  CHECK(alice.ask({{"op", "subscribe"}, {"id", "s"}, {"pattern", "even"}, {"from", 3}})["op"] == "ok");
  for (int seq = 4; seq <= 50; seq += 2) CHECK(alice.await("event")["seq"] == seq);
  alice.send({{"op", "presence"}, {"id", "p"}});
  CHECK(alice.await("presence")["count"] == 1);
}

TEST_CASE("a queue's event goes to one worker, and to another when that one is gone") {
  node_process node;
  node.start();
  client alice{node, "alice"};
  json subscribe = {{"op", "subscribe"}, {"id", "q"}, {"pattern", "work"}, {"queue", "g"}, {"ack", true}};
  client second{node, "w2"};
  {
    client first{node, "w1"};
    CHECK(first.ask(subscribe)["op"] == "ok");
    alice.publish("work", "m1");
    CHECK(first.await("event")["message_id"] == "m1");
    CHECK(second.ask(subscribe)["op"] == "ok");
  }
  auto again = second.await("event");
  CHECK(again["message_id"] == "m1");
  CHECK(again["redelivered"] == true);
  // A socket that goes soon after it got an event costs no try: it takes two members that give it back.
  second.send({{"op", "nack"}, {"event_id", "alice/m1"}});
  CHECK(second.await("event")["message_id"] == "m1");
  second.send({{"op", "nack"}, {"event_id", "alice/m1"}});
  CHECK(alice.subscribe("sys.agent.*")["op"] == "ok");
  std::string list;
  for (int i = 0; i < 100 && list.find("alice/m1") == std::string::npos; ++i) {
    std::this_thread::sleep_for(10ms);
    list = weir::http_fetch(node.admin_url(), "GET", "/v1/admin/namespaces/demo/dead", {}, {}, 5s).body;
  }
  CHECK(list.find("alice/m1") != std::string::npos);
  auto retry = weir::http_fetch(node.admin_url(), "POST", "/v1/admin/namespaces/demo/dead/retry",
                                R"({"event_id":"alice/m1"})", node.admin_token(), 5s);
  CHECK(retry.status == 200);
  CHECK(second.await("event")["message_id"] == "m1");
}

TEST_CASE("a sender hears that its event was delivered and acknowledged") {
  node_process node;
  node.start();
  client alice{node, "alice"}, bob{node, "bob"};
  CHECK(bob.subscribe("a")["op"] == "ok");
  alice.send({{"op", "publish"}, {"type", "a"}, {"message_id", "m1"}, {"data", 1}, {"receipt", "delivered"}});
  auto receipt = alice.await("receipt");
  CHECK(receipt["event_id"] == "alice/m1");
  CHECK(receipt["count"] == 1);
  CHECK(receipt["by"] == json::array({"bob"}));
  alice.send({{"op", "publish"}, {"type", "a"}, {"message_id", "m2"}, {"data", 1}, {"receipt", "acked"}});
  auto event = bob.await([](const json& x) { return x["message_id"] == "m2"; });
  bob.send({{"op", "ack"}, {"seq", event["seq"]}});
  CHECK(alice.await("receipt")["kind"] == "acked");
}

TEST_CASE("a node whose store cannot be used does not start, and says why") {
  auto fails = [](const std::string& expected,
                  const std::function<void(const std::filesystem::path&)>& spoil) {
    node_process node;
    spoil(std::filesystem::path{node.folder()} / "data");
    try {
      node.start();
      FAIL("it started");
    } catch (const std::runtime_error& error) {
      INFO(error.what());
      CHECK(std::string{error.what()}.find(expected) != std::string::npos);
    }
  };
  fails("weir.db", [](auto& data) {
    std::filesystem::create_directory(data);
    std::ofstream(data / "weir.db") << std::string(8192, 'x');
  });
  fails("data", [](auto& data) { std::ofstream(data) << "a file, not a folder"; });
}

TEST_CASE("a node on a full disk refuses with 503 and loses nothing it acknowledged") {
  // The bound on the size of files stands for the disk's end: writes beyond it fail.
  node_process node;
  node.limit_files_kib(2048);
  node.start();
  client alice{node, "alice"};
  std::string data(20'000, 'x');
  int kept = 0;
  json last;
  for (int i = 1; i <= 400; ++i) {
    last = alice.ask(
        {{"op", "publish"}, {"type", "a"}, {"message_id", "m" + std::to_string(i)}, {"data", data}});
    if (last["op"] == "error") break;
    kept = i;
  }
  REQUIRE(last["op"] == "error");
  CHECK(last["code"] == 503);
  CHECK(last["retry_after_ms"] > 0);
  CHECK(kept > 10);
  CHECK(alice.is_served());
  node.kill();
  node.limit_files_kib(0); // there is room again
  node.start();
  client bob{node, "bob"};
  CHECK(bob.welcome["seq"] == kept);
  CHECK(bob.ask({{"op", "publish"}, {"type", "a"}, {"message_id", "m1"}, {"data", 1}})["seq"] == kept + 1);
}
