// A real node whose store is taken away from it, comes back with less, or is copied.

#include "net/client/http_client.hpp"
#include "tests/integration/client.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/shell.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;
using namespace weir::test;
namespace fs = std::filesystem;

namespace {

json some_event(const std::string& message_id) {
  return {{"op", "publish"}, {"type", "chat.a"}, {"message_id", message_id}, {"data", 1}};
}

std::size_t count_in_log(const node_process& node, const std::string& words) {
  std::ostringstream text;
  text << std::ifstream{node.log_path()}.rdbuf();
  auto all = text.str();
  std::size_t out = 0;
  for (auto at = all.find(words); at != std::string::npos; at = all.find(words, at + 1)) ++out;
  return out;
}

unsigned readiness(const node_process& node) {
  return http_fetch(node.admin_url(), "GET", "/readyz", {}, {}, 5s).status;
}

/// Waits for what the node brings about.
template <class Condition>
void eventually(Condition holds) {
  for (int i = 0; i < 600; ++i, std::this_thread::sleep_for(50ms))
    if (holds()) return;
  FAIL("it does not come to that");
}

} // namespace

TEST_CASE("a node whose store file is removed acknowledges nothing more, and says so once") {
  node_process node;
  node.start();
  client alice{node, "alice"};
  CHECK(alice.ask(some_event("m1"))["seq"] == 1);
  CHECK(readiness(node) == 200);
  fs::remove(node.folder() + "/data/weir.db");
  int n = 2;
  eventually([&] { return alice.ask(some_event("m" + std::to_string(n++)))["code"] == 503; });
  CHECK(readiness(node) == 503);
  CHECK(alice.ask(some_event("last"))["code"] == 503);
  CHECK(count_in_log(node, "store.failing") == 1);
}

TEST_CASE("clients of a Redis that comes back with less are told, whether they were there or not") {
  redis_server redis{{"--appendonly", "no"}};
  node_process node{json{{"store", {{"kind", "redis"}, {"url", redis.url()}, {"timeout_ms", 500}}}}.dump()};
  node.start();
  client alice{node, "alice"}, bob{node, "bob"};
  auto epoch = bob.welcome["epoch"];
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  CHECK(alice.insist(some_event("m1"))["seq"] == 1);
  std::string session;
  {
    client carol{node, "carol"};
    session = carol.welcome["session"];
    CHECK(carol.subscribe("chat.*")["op"] == "ok");
  }
  auto empty = GENERATE(false, true);
  redis.ask("SAVE");
  CHECK(alice.insist(some_event("m2"))["seq"] == 2);
  if (empty) {
    redis.ask("FLUSHALL");
  } else {
    redis.kill();
    CHECK(alice.ask(some_event("m3"))["code"] == 503);
    redis.start();
  }
  auto taken = alice.insist(some_event("m4"));
  CHECK(taken["op"] == "ok");
  CHECK(taken["seq"] == (empty ? 1 : 2)); // a position that another event had in the epoch before
  auto gap = bob.await("gap");
  CHECK(gap["reason"] == "epoch");
  CHECK(gap["epoch"] != epoch);
  CHECK(gap["to"] == (empty ? 0 : 1));
  auto event = bob.await("event");
  CHECK(event["message_id"] == "m4");
  for (int i = 5; i <= 8; ++i) CHECK(alice.ask(some_event("m" + std::to_string(i)))["op"] == "ok");
  // One that was away has less than there is now, and of the other history.
  ws_client carol;
  carol.connect(node.url());
  carol.send(json{
      {"op", "hello"}, {"namespace", "demo"}, {"client_id", "carol"}, {"session", session}, {"last_seq", 2}}
                 .dump());
  auto welcome = json::parse(*carol.receive(5s));
  CHECK(welcome["recovered"] == false);
  CHECK(welcome["epoch"] == gap["epoch"]);
  auto told = json::parse(*carol.receive(5s));
  CHECK(told["op"] == "gap");
  CHECK(told["reason"] == "epoch");
  CHECK(told["from"] == 1);
  CHECK(told["to"] == welcome["seq"]);
  CHECK(readiness(node) == 200);
}

TEST_CASE("a Redis that takes nothing more is told by the probe, and when it is over") {
  redis_server redis;
  node_process node{json{{"store", {{"kind", "redis"}, {"url", redis.url()}, {"timeout_ms", 500}}}}.dump()};
  node.start();
  client alice{node, "alice"};
  CHECK(alice.insist(some_event("m1"))["op"] == "ok");
  redis.ask("CONFIG SET maxmemory 1");
  auto no = alice.ask(some_event("m2"));
  CHECK(no["code"] == 503);
  eventually([&] { return readiness(node) == 503; });
  redis.ask("CONFIG SET maxmemory 0");
  eventually([&] { return readiness(node) == 200; }); // though nobody writes
  CHECK(alice.insist(some_event("m2"))["seq"] == 2);
  CHECK(count_in_log(node, "store.failing") == 1);
  CHECK(count_in_log(node, "store.recovered") == 1);
}

TEST_CASE("an operator copies the store of a node that runs, and another goes on from the copy") {
  node_process node, other;
  node.start();
  client alice{node, "alice"};
  for (int i = 1; i <= 200; ++i) CHECK(alice.ask(some_event("m" + std::to_string(i)))["seq"] == i);
  auto file = node.folder() + "/copy.db";
  auto at = " --url " + node.admin_url() + " 2>&1";
  auto done = run("backup " + file + at);
  INFO(done.out);
  CHECK(done.status == 0);
  CHECK(alice.ask(some_event("m201"))["seq"] == 201);
  CHECK(run("backup " + file + at).status == 1); // it is there already
  CHECK(run("verify " + file).status == 0);
  fs::create_directories(other.folder() + "/data");
  fs::copy_file(file, other.folder() + "/data/weir.db");
  other.start();
  client bob{other, "bob"};
  CHECK(bob.welcome["seq"] == 200);
  CHECK(bob.welcome["epoch"] != alice.welcome["epoch"]);
  CHECK(bob.ask({{"op", "publish"}, {"type", "chat.a"}, {"message_id", "b1"}, {"data", 1}})["seq"] == 201);
}

TEST_CASE("an operator looks at a store from outside") {
  node_process node;
  node.start();
  {
    client alice{node, "alice"};
    CHECK(alice.ask(some_event("m1"))["seq"] == 1);
  }
  auto data = node.folder() + "/data";
  auto busy = run("verify " + data + " 2>&1");
  CHECK(busy.status == 1);
  CHECK(busy.out.find("a node has it open") != std::string::npos);
  CHECK(node.stop() == 0);
  auto good = run("verify " + data + " 2>&1");
  CHECK(good.status == 0);
  CHECK(good.out.find("1 events") != std::string::npos);
  fs::resize_file(data + "/weir.db", fs::file_size(data + "/weir.db") / 2);
  auto bad = run("verify " + data + "/weir.db 2>&1");
  CHECK(bad.status == 1);
  CHECK(bad.out.find("problem: ") != std::string::npos);
  CHECK(run("verify redis://127.0.0.1:1 2>&1").status == 1);
  CHECK(run("verify redis://[nonsense 2>&1").status == 2);
}
