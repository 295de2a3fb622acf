// A real node that is told to stop while it has clients.

#include "net/client/http_client.hpp"
#include "tests/integration/client.hpp"
#include "tests/integration/mover.hpp"
#include "tests/support/shell.hpp"

#include <csignal>
#include <memory>
#include <set>

using namespace weir;
using namespace weir::test;

namespace {

/// Waits for what other threads bring about.
template <class Condition>
void eventually(Condition holds) {
  auto deadline = std::chrono::steady_clock::now() + 60s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) FAIL("it does not come to that");
    std::this_thread::sleep_for(10ms);
  }
}

using movers = std::vector<std::unique_ptr<mover>>;

std::size_t done(const movers& all) {
  std::size_t out = 0;
  for (auto& x : all) out += x->done();
  return out;
}

/// What a subscriber has seen must be all that was acknowledged, each once, in the order of the log.
void check_seen(const mover& subscriber, const std::set<std::string>& acknowledged) {
  std::set<std::string> seen;
  std::uint64_t last = 0;
  for (auto& x : subscriber.events()) {
    INFO(x.dump());
    REQUIRE(x["op"] == "event"); // and no gap
    REQUIRE(x["seq"] > last);
    last = x["seq"];
    CHECK(seen.insert(x["event_id"]).second);
  }
  for (auto& id : acknowledged) CHECK(seen.count(id) == 1);
  CHECK(seen.size() == acknowledged.size());
}

} // namespace

TEST_CASE("a node that is restarted again and again under traffic loses nothing and sends nothing twice") {
  node_process node;
  node.let_drain(30s, 200ms);
  node.start();
  movers readers, writers;
  for (int i = 0; i < 4; ++i)
    readers.push_back(
        std::make_unique<mover>(node.port(), "reader" + std::to_string(i), mover::part::subscriber));
  for (int i = 0; i < 2; ++i)
    writers.push_back(
        std::make_unique<mover>(node.port(), "writer" + std::to_string(i), mover::part::publisher));
  eventually([&] {
    for (auto& x : readers)
      if (!x->is_subscribed()) return false;
    return true;
  });
  for (int restart = 0; restart < 3; ++restart) {
    auto before = done(writers);
    eventually([&] { return done(writers) >= before + 100; });
    CHECK(node.stop(25s) == 0); // before the deadline: all of them have left
    node.start();
  }
  std::set<std::string> acknowledged;
  for (auto& x : writers) {
    x->end();
    CHECK(x->drains() >= 1);
    acknowledged.insert(x->acknowledged().begin(), x->acknowledged().end());
  }
  for (auto& x : readers) {
    eventually([&] { return x->done() >= acknowledged.size(); });
    x->end();
    CHECK(x->drains() >= 1);
    check_seen(*x, acknowledged);
  }
}

TEST_CASE("clients that do not move are closed with 1001 at the deadline") {
  node_process node;
  node.let_drain(300ms, 100ms);
  node.start();
  client alice(node, "alice");
  node.signal(SIGTERM);
  auto frame = alice.await("drain");
  CHECK(frame["delay_ms"] <= 100);
  CHECK(frame["reason"] == "shutdown");
  CHECK(alice.is_served());
  CHECK(alice.receive(10s).is_null());
  CHECK(alice.socket.close_code() == 1001);
  CHECK(node.await_end() == 0);
}

TEST_CASE("a second signal ends a node that drains at once") {
  node_process node;
  node.let_drain(1h, 1s);
  node.start();
  client alice(node, "alice");
  node.signal(SIGTERM);
  CHECK(!alice.await("drain").is_null());
  node.signal(SIGTERM);
  CHECK(node.await_end() == 128 + SIGTERM);
}

TEST_CASE("a run that is in flight streams to its end while the node drains") {
  node_process node(
      R"({"models":{"default":{"simulated":{"first_piece_ms":50,"piece_ms":20,"pieces":40}}}})");
  node.let_drain(30s, 0s);
  node.start();
  client alice(node, "alice");
  alice.ask(
      {{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "hi"}, {"stream", true}});
  CHECK(!alice.await("delta").is_null());
  node.signal(SIGTERM);
  bool told = false;
  std::size_t deltas = 0;
  auto result = alice.await([&](const json& x) {
    told = told || x["op"] == "drain";
    deltas += told && x["op"] == "delta" ? 1 : 0;
    return x["op"] == "result";
  });
  CHECK(told);
  CHECK(deltas > 0);
  CHECK(result["status"] == "complete");
  alice.socket.close();
  CHECK(node.await_end() == 0);
}

TEST_CASE("an operator drains a node by name, and its probes say so until it ends") {
  node_process node;
  node.let_drain(1h, 0s);
  node.start();
  client alice(node, "alice");
  auto at = " --url " + node.admin_url() + " 2>&1";
  auto probe = [&](const std::string& path) {
    return http_fetch(node.admin_url(), "GET", path, {}, {}, 5s).status;
  };
  CHECK(probe("/readyz") == 200);
  CHECK(probe("/metrics") == 200);
  auto other = run("drain n2" + at);
  CHECK(other.status == 1);
  CHECK(other.out.find("no node n2 is a member of the cluster") != std::string::npos);
  CHECK(alice.is_served());
  auto told = run("drain n1" + at);
  CHECK(told.status == 0);
  CHECK(json::parse(told.out) == json{{"node", "n1"}, {"draining", true}});
  CHECK(!alice.await("drain").is_null());
  CHECK(run("drain" + at).status == 0); // said again it changes nothing
  CHECK(probe("/readyz") == 503);
  CHECK(probe("/healthz") == 200);
  CHECK(alice.is_served());
  alice.socket.close();
  CHECK(node.await_end() == 0);
}
