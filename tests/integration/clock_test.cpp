// Real nodes whose wall clocks are set an hour forward and back while they run, and while they do not.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"
#include "tests/support/placed_on.hpp"
#include "tests/support/redis_server.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <cstdlib>
#include <memory>

using namespace weir::test;

namespace {

std::string config() {
  json out = {
      {"limits",
       {{"causal_wait_ms", 300},
        {"session_ttl_ms", 3000},
        {"log_age_ms", 3000},
        {"presence_per_s", 1},
        {"publish_per_s", 1'000'000},
        {"burst", 1'000'000}}},
      {"agents", {{"echo", {{"kind", "echo"}}}, {"away", {{"kind", "external"}, {"timeout_ms", 300}}}}},
      {"workflows",
       {{"waits",
         {{"await", {{"on", "never.comes"}, {"timeout_ms", 300}, {"otherwise", {{"agent", "echo"}}}}}}}}},
      {"namespaces", {{"*", {{"agents", {"echo", "away"}}, {"workflows", {"waits"}}}}}}};
  return out.dump();
}

json event(const std::string& id, const std::string& type = "a.b") {
  return {{"op", "publish"}, {"type", type}, {"message_id", id}, {"data", 1}};
}

json call(const std::string& target, const std::string& id) {
  return {{"op", "call"}, {"target", target}, {"message_id", id}, {"input", {{"n", 1}}}};
}

json result_of(client& who, const std::string& run_id) {
  return who.await([&](const json& x) { return x["op"] == "result" && x["run_id"] == run_id; }, 3s);
}

json resume(client& who, const node_process& node, const std::string& id, const json& welcome) {
  who.socket.connect(node.url());
  who.send({{"op", "hello"},
            {"namespace", "demo"},
            {"client_id", id},
            {"session", welcome["session"]},
            {"last_seq", welcome["seq"]}});
  return who.receive();
}

} // namespace

TEST_CASE("every timer of a namespace, a session and a run goes on when the node's clock is set") {
  auto by = GENERATE(1h, -1h);
  node_process node{config()};
  node.start();
  client alice{node, "alice"}, bob{node, "bob"}, carol{node, "carol"};
  alice.subscribe("sys.presence.*");
  bob.ask({{"op", "subscribe"}, {"id", "q"}, {"pattern", "jobs.*"}, {"queue", "g"}, {"ack", true}});
  alice.ask(event("job", "jobs.one"));
  CHECK(bob.await("event")["event_id"] == "alice/job");

  // All of these have begun when the clock is set.
  auto orphan = event("orphan");
  orphan["prev_event_id"] = "nobody/m1";
  alice.send(orphan);
  alice.send(call("away", "nobody-takes-it"));
  alice.send(call("waits", "timer"));
  bob.send({{"op", "nack"}, {"event_id", "alice/job"}, {"delay_ms", 300}});
  CHECK(bob.is_served());
  auto left = carol.welcome;
  carol.socket.abort();
  std::this_thread::sleep_for(50ms);
  node.set_clock(by);

  CHECK(bob.await("event", 3s)["redelivered"] == true);
  json seen;
  auto all = alice.await(
      [&](const json& x) {
        if (x["op"] == "ok" && x.value("message_id", "") == "orphan") seen["orphan"] = true;
        if (x["op"] == "result" && x.value("run_id", "") == "alice/timer")
          seen["timer"] = x["status"] == "complete";
        if (x["op"] == "result" && x.value("run_id", "") == "alice/nobody-takes-it")
          seen["deadline"] = x["error"]["reason"] == "deadline";
        return seen.size() == 3;
      },
      5s);
  CHECK(seen == json{{"orphan", true}, {"timer", true}, {"deadline", true}});
  auto again = resume(carol, node, "carol", left);
  CHECK(again["recovered"] == true);

  // And so does what begins now, when it is set back.
  orphan["message_id"] = "orphan2";
  alice.send(orphan);
  std::this_thread::sleep_for(50ms);
  node.set_clock(0ms);
  CHECK(alice.await([](const json& x) { return x["op"] == "ok"; }, 3s).value("message_id", "") == "orphan2");
  alice.send(call("waits", "timer2"));
  CHECK(result_of(alice, "alice/timer2")["status"] == "complete");
  CHECK(alice.ask(event("job", "jobs.one"))["duplicate"] == true);
}

TEST_CASE("what a node kept is taken up whatever its clock shows by then") {
  auto by = GENERATE(1h, -1h);
  node_process node{config()};
  node.start();
  json welcome;
  {
    client alice{node, "alice"};
    welcome = alice.welcome;
    alice.subscribe("a.*");
    alice.ask(event("m1"));
    alice.send(call("waits", "w"));
    CHECK(alice.await("ok")["run_id"] == "alice/w");
    node.kill();
  }
  node.set_clock(by);
  node.start();
  client alice{node, "alice"};
  CHECK(alice.ask(event("m1"))["duplicate"] == true);
  CHECK(alice.insist(call("waits", "w"))["duplicate"] == true);
  // It goes on from what is recorded: with a clock that is ahead the whole run's time is over.
  CHECK(result_of(alice, "alice/w")["status"] == (by > 0h ? "failed" : "complete"));
  auto orphan = event("orphan");
  orphan["prev_event_id"] = "nobody/m1";
  CHECK(alice.ask(orphan)["op"] == "ok");
}

namespace {

std::unique_ptr<node_process> host_node(const std::string& name, const std::string& store,
                                        const json& seeds) {
  json config = {{"node", {{"name", name}}},
                 {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", seeds}}},
                 {"store", {{"kind", "redis"}, {"url", store}}}};
  auto out = std::make_unique<node_process>(config.dump());
  return out;
}

std::pair<unsigned, std::string> readiness_of(const node_process& x) {
  auto got = weir::http_fetch(x.admin_url(), "GET", "/readyz", {}, {}, 5s);
  return {got.status, got.body};
}

bool is_served(client& who, const std::string& id) {
  for (int i = 0; i < 80; ++i) {
    if (who.ask(event(id))["op"] == "ok") return true;
    std::this_thread::sleep_for(100ms);
  }
  return false;
}

double metric(const node_process& x, const std::string& name) {
  auto text = weir::http_fetch(x.admin_url(), "GET", "/metrics", {}, {}, 5s).body;
  auto at = text.find('\n' + name + ' ');
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

} // namespace

TEST_CASE("a node that died with its clock an hour ahead serves again once its lease has had its time") {
  setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
  redis_server redis;
  auto node = host_node("n1", redis.url(), json::array());
  node->set_clock(1h);
  node->start();
  {
    client alice{*node, "alice"};
    CHECK(alice.insist(event("m1"))["op"] == "ok");
  }
  node->kill();
  node->set_clock(0ms);
  node->start();
  auto [status, body] = readiness_of(*node);
  if (status != 200) CHECK(body.find("lease") != std::string::npos); // 200: it was quicker than this test
  auto served = false;
  for (int i = 0; i < 100 && !served; ++i) {
    try {
      client alice{*node, "alice"};
      served = is_served(alice, "m2");
    } catch (const weir::ws_error&) {
      std::this_thread::sleep_for(100ms);
    }
  }
  CHECK(served);
  CHECK(readiness_of(*node).first == 200);
  unsetenv("WEIR_SESSION_SECRET");
}

TEST_CASE("a node of a cluster whose clock is set keeps what it owns, and takes nothing of the others") {
  setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
  redis_server redis;
  auto n1 = host_node("n1", redis.url(), json::array());
  n1->start();
  auto n2 = host_node("n2", redis.url(), json::array({n1->cluster_address()}));
  n2->start();
  std::vector<std::string> two{"n1", "n2"};
  auto first = placed_on("n1", two), second = placed_on("n2", two);
  client a{*n1, "alice", first}, b{*n1, "alice", second};
  CHECK(is_served(a, "m1"));
  CHECK(is_served(b, "m1"));
  auto by = GENERATE(1h, -1h);
  n1->set_clock(by);
  for (int i = 0; i < 30; ++i) { // longer than a lease
    std::this_thread::sleep_for(100ms);
    CHECK(a.ask(event("x" + std::to_string(i)))["op"] == "ok");
    CHECK(b.ask(event("x" + std::to_string(i)))["op"] == "ok");
  }
  for (auto* x : {n1.get(), n2.get()}) {
    CHECK(metric(*x, "weir_cluster_lease_lapses_total") == 0);
    CHECK(metric(*x, "weir_cluster_leases_broken_total") == 0);
  }
  n2->kill(); // and what it had goes on at the one whose clock is wrong
  CHECK(is_served(b, "m2"));
  unsetenv("WEIR_SESSION_SECRET");
}
