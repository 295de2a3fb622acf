// A node whose store is a real Redis: what either of them loses when it is killed.

#include "tests/integration/client.hpp"
#include "tests/support/redis_server.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

using namespace weir::test;

namespace {

std::string config_for(const std::string& url) {
  return json{{"store", {{"kind", "redis"}, {"url", url}, {"timeout_ms", 500}}}}.dump();
}

/// Publishes under one id until it is taken, as the protocol asks of a client.
json publish_at_last(client& who, const std::string& message_id) {
  json frame = {{"op", "publish"}, {"type", "chat.a"}, {"message_id", message_id}, {"data", 1}};
  for (int i = 0; i < 200; ++i, std::this_thread::sleep_for(50ms)) {
    auto said = who.ask(frame);
    if (said["op"] == "ok" || said["code"] != 503) return said;
  }
  return {};
}

std::string text_of(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream{path}.rdbuf();
  return out.str();
}

} // namespace

TEST_CASE("a client goes on where it was after its node was killed, from what is in Redis") {
  redis_server redis;
  node_process node{config_for(redis.url())};
  node.start();
  std::string session;
  {
    client alice{node, "alice"}, bob{node, "bob"};
    session = bob.welcome["session"];
    CHECK(bob.subscribe("chat.*")["op"] == "ok");
    for (int i = 1; i <= 100; ++i) CHECK(publish_at_last(alice, "m" + std::to_string(i))["seq"] == i);
    CHECK(bob.await("event")["seq"] == 1);
    node.kill();
  }
  node.start();
  client alice{node, "alice"};
  auto again = publish_at_last(alice, "m100");
  CHECK(again["duplicate"] == true);
  CHECK(again["seq"] == 100);
  weir::ws_client bob;
  bob.connect(node.url());
  bob.send(json{
      {"op", "hello"}, {"namespace", "demo"}, {"client_id", "bob"}, {"session", session}, {"last_seq", 1}}
               .dump());
  auto welcome = json::parse(*bob.receive(5s));
  CHECK(welcome["recovered"] == true);
  for (int seq = 2; seq <= 100;) {
    auto text = bob.receive(5s);
    REQUIRE(text);
    auto x = json::parse(*text);
    if (x["op"] == "event") REQUIRE(x["seq"] == seq++);
  }
  CHECK(node.stop() == 0);
}

TEST_CASE("a node outlives its Redis, and keeps what it has acknowledged") {
  redis_server redis;
  node_process node{config_for(redis.url())};
  node.start();
  client alice{node, "alice"}, bob{node, "bob"};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  for (int i = 1; i <= 10; ++i) CHECK(publish_at_last(alice, "m" + std::to_string(i))["seq"] == i);
  redis.kill();
  auto said = alice.ask({{"op", "publish"}, {"type", "chat.a"}, {"message_id", "m11"}, {"data", 1}});
  CHECK(said["code"] == 503);
  CHECK(said["retry_after_ms"] > 0);
  redis.start();
  for (int i = 11; i <= 20; ++i) CHECK(publish_at_last(alice, "m" + std::to_string(i))["seq"] == i);
  for (int i = 1; i <= 20; ++i) {
    auto x = bob.await("event");
    REQUIRE(x["seq"] == i);
    CHECK(x["message_id"] == "m" + std::to_string(i));
  }
  CHECK(node.stop() == 0);
}

TEST_CASE("a node takes its store's password from the environment, and starts with a right one only") {
  redis_server redis{{"--requirepass", "s3cret"}};
  node_process node{config_for("redis://:wr0ng@127.0.0.1:" + std::to_string(redis.port()))};
  CHECK_THROWS(node.start());
  auto log = text_of(node.log_path());
  INFO(log);
  CHECK(log.find("redis at 127.0.0.1:" + std::to_string(redis.port()) + ": WRONGPASS") != std::string::npos);
  CHECK(log.find("wr0ng") == std::string::npos);
  setenv("WEIR_STORE_PASSWORD", "s3cret", 1);
  node.start();
  unsetenv("WEIR_STORE_PASSWORD");
  client alice{node, "alice"};
  CHECK(publish_at_last(alice, "m1")["seq"] == 1);
  CHECK(node.stop() == 0);
  CHECK(text_of(node.log_path()).find("s3cret") == std::string::npos);
}

TEST_CASE("a node that promises to survive a power cut does not start over a Redis that does not") {
  redis_server redis{{"--appendfsync", "everysec"}};
  auto config = json::parse(config_for(redis.url()));
  config["namespaces"] = {{"demo", {{"durability", "power"}}}};
  node_process node{config.dump()};
  CHECK_THROWS(node.start());
  CHECK(text_of(node.log_path()).find("appendfsync always") != std::string::npos);
}
