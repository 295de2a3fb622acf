// Several nodes that host namespaces over one Redis: real processes that are stopped, killed and cut short.

#include "tests/integration/client.hpp"

#include "actors/core/utf8.hpp"
#include "net/client/http_client.hpp"
#include "tests/support/placed_on.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/shell.hpp"

#include <catch2/catch_message.hpp>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

using namespace weir::test;

namespace {

using names = std::vector<std::string>;

/// Nodes with all roles before one store.
class hosts {
public:
  explicit hosts(const names& all, json simulated = {}) : simulated_(std::move(simulated)) {
    setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
    for (auto& name : all) start(name);
    for (auto& [name, x] : nodes) REQUIRE(sees(name, all.size()));
  }
  ~hosts() { unsetenv("WEIR_SESSION_SECRET"); }

  std::unique_ptr<node_process> make(const std::string& name, const std::string& store_url) const {
    json seeds = json::array();
    for (auto& [other, x] : nodes) seeds.push_back(x->cluster_address());
    json config = {{"node", {{"name", name}}},
                   {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", seeds}}},
                   {"store", {{"kind", "redis"}, {"url", store_url}}},
                   {"limits", {{"publish_per_s", 1'000'000}, {"burst", 1'000'000}}}};
    if (store_url.empty()) config.erase("store");
    if (!simulated_.is_null())
      config["models"]["default"] = {{"backend", "simulated"}, {"simulated", simulated_}};
    auto out = std::make_unique<node_process>(config.dump());
    out->let_drain(10s, 100ms);
    return out;
  }

  void start(const std::string& name) {
    auto made = make(name, redis.url());
    made->start();
    nodes[name] = std::move(made);
  }

  json report(const std::string& at) const {
    return json::parse(
        weir::http_fetch(nodes.at(at)->admin_url(), "GET", "/v1/admin/nodes", {}, {}, 10s).body);
  }

  bool sees(const std::string& at, std::size_t n) const {
    for (int i = 0; i < 200; ++i) {
      if (report(at).size() == n) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }

  node_process& operator[](const std::string& name) { return *nodes.at(name); }

private:
  json simulated_; // how the model answers; null: as it does by default

public:
  redis_server redis;
  std::map<std::string, std::unique_ptr<node_process>> nodes;
};

std::string name_of(int i) { return "m" + std::to_string(i); }

json publish_of(int i) {
  return {{"op", "publish"}, {"type", "chat.a"}, {"message_id", name_of(i)}, {"data", i}};
}

std::string last_refusal;

/// Publishes until it is taken, as a client does that is refused. Gives how often it was refused.
int publish(client& by, int i) {
  for (int refused = 0; refused < 200; ++refused) {
    auto got = by.ask(publish_of(i));
    if (got["op"] == "ok") return refused;
    REQUIRE(got["retry_after_ms"] > 0);
    last_refusal = got.dump();
    std::this_thread::sleep_for(50ms);
  }
  FAIL("it is refused for ever");
  return 0;
}

/// All of them, in order, none twice.
void receive(client& who, int first, int last) {
  for (int i = first; i <= last; ++i) {
    auto got = who.await([](const json& x) { return x["op"] == "event" || x["op"] == "gap"; });
    INFO(got.dump());
    REQUIRE(got["op"] == "event");
    REQUIRE(got["message_id"] == name_of(i));
  }
}

} // namespace

TEST_CASE("clients of all nodes see one order in the namespaces of all nodes") {
  names three{"n1", "n2", "n3"};
  hosts all{three};
  for (auto& owner : three) {
    auto ns = placed_on(owner, three);
    client alice{all["n1"], "alice", ns}, bob{all["n2"], "bob", ns}, carol{all["n3"], "carol", ns};
    for (auto* x : {&bob, &carol}) CHECK(x->subscribe("chat.*")["op"] == "ok");
    for (int i = 1; i <= 50; ++i) CHECK(alice.ask(publish_of(i))["seq"] == i);
    receive(bob, 1, 50);
    receive(carol, 1, 50);
  }
  std::map<std::string, json> by_name;
  for (auto& x : all.report("n1")) by_name[x["name"]] = x;
  for (auto& owner : three) CHECK(by_name[owner]["namespaces"] == 1);
}

TEST_CASE("the namespaces of a node that is killed go on at another, and nothing acknowledged is lost") {
  names three{"n1", "n2", "n3"};
  hosts all{three};
  auto ns = placed_on("n3", three);
  client alice{all["n1"], "alice", ns}, bob{all["n2"], "bob", ns};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  for (int i = 1; i <= 50; ++i) publish(alice, i);
  all["n3"].kill();
  CHECK(publish(alice, 51) > 0); // its lease has to lapse first
  for (int i = 52; i <= 100; ++i) publish(alice, i);
  receive(bob, 1, 100);
  CHECK(alice.ask(publish_of(7))["duplicate"] == true);
  CHECK(bob.socket.is_open());

  all["n3"].start();
  for (int i = 101; i <= 200; ++i) publish(alice, i); // it goes back to where it is placed
  receive(bob, 101, 200);
}

TEST_CASE("a call is answered by the successor when the owner of its namespace is killed") {
  names two{"n1", "n2"};
  hosts all{two, {{"first_piece_ms", 1000}, {"piece_ms", 1}, {"pieces", 5}, {"seed", 1}}};
  auto ns = placed_on("n2", two);
  client alice{all["n1"], "alice", ns};
  alice.send({{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "hi"}});
  CHECK(alice.await("ok")["run_id"] == "alice/c1");
  all["n2"].kill();
  auto result = alice.await("result"); // without being asked for it again
  CHECK(result["run_id"] == "alice/c1");
  CHECK(result["status"] == "complete");
}

TEST_CASE("a node that is stopped hands its namespaces on, and its neighbours' clients are refused nothing") {
  names three{"n1", "n2", "n3"};
  hosts all{three};
  auto ns = placed_on("n3", three);
  client alice{all["n1"], "alice", ns}, bob{all["n2"], "bob", ns};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  int sent = 0, refused = 0;
  for (int round = 0; round < 3; ++round) {
    all["n3"].signal(SIGTERM);
    for (int i = 0; i < 300; ++i) refused += publish(alice, ++sent);
    CHECK(all["n3"].await_end() == 0);
    all["n3"].start();
    for (int i = 0; i < 300; ++i) refused += publish(alice, ++sent);
  }
  receive(bob, 1, sent);
  INFO(last_refusal);
  CHECK(refused == 0);
}

TEST_CASE("an answer that is being streamed when its namespace moves comes whole, and calls wait meanwhile") {
  names two{"n1", "n2"};
  hosts all{two, {{"first_piece_ms", 50}, {"piece_ms", 100}, {"pieces", 20}, {"seed", 1}}};
  auto ns = placed_on("n2", two);
  client alice{all["n1"], "alice", ns}, bob{all["n1"], "bob", ns};
  json call = {
      {"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "hi"}, {"stream", true}};
  std::map<std::string, std::string> texts; // by run
  auto until = [&](const char* op) {
    return alice.await([&](const json& x) {
      if (x["op"] == "delta") {
        auto& text = texts[x["run_id"]];
        CHECK(x["at"] == weir::utf8::code_points(text));
        text += x["text"].get<std::string>();
      }
      return x["op"] == op;
    });
  };
  alice.send(call);
  CHECK(until("delta")["op"] == "delta");
  all["n2"].signal(SIGTERM);
  for (int i = 1; i <= 50; ++i) CHECK(publish(bob, i) == 0);
  call["message_id"] = "c2"; // taken, and begun only by the next owner
  alice.send(call);
  CHECK(until("ok")["run_id"] == "alice/c2");
  for (auto* run : {"alice/c1", "alice/c2"}) {
    auto result = until("result");
    CHECK(result["run_id"] == run);
    CHECK(result["status"] == "complete");
    CHECK(result["attempts"] == 1);
    CHECK(result["parts"].size() == 1);
    CHECK(result["output"]["text"] == texts[run]);
  }
  CHECK(all["n2"].await_end() == 0);
}

TEST_CASE("any node tells another one to drain, and says so when there is none of that name") {
  names two{"n1", "n2"};
  hosts all{two};
  auto ns = placed_on("n2", two);
  client alice{all["n1"], "alice", ns};
  CHECK(alice.ask(publish_of(1))["seq"] == 1);
  auto got = run("drain n9 --url " + all["n1"].admin_url() + " 2>&1");
  CHECK(got.status == 1);
  CHECK(got.out.find("no node n9 is a member") != std::string::npos);
  CHECK(run("drain n2 --url " + all["n1"].admin_url()).status == 0);
  CHECK(all["n2"].await_end() == 0);
  CHECK(alice.ask(publish_of(2))["seq"] == 2);
  CHECK(all.sees("n1", 1));
}

TEST_CASE("operators find a namespace from any node, wherever it is") {
  names two{"n1", "n2"};
  hosts all{two};
  for (auto& owner : two) {
    auto ns = placed_on(owner, two);
    client alice{all["n1"], "alice", ns};
    CHECK(alice.ask(publish_of(1))["seq"] == 1);
    auto path = "/v1/admin/namespaces/" + ns;
    auto got = weir::http_fetch(all["n2"].admin_url(), "GET", path, {}, {}, 10s);
    CHECK(got.status == 200);
    CHECK(json::parse(got.body)["name"] == ns);
  }
  CHECK(weir::http_fetch(all["n2"].admin_url(), "GET", "/v1/admin/namespaces/none", {}, {}, 10s).status
        == 404);
}

TEST_CASE("a node that keeps its events in another store does not become a member, and says why") {
  hosts all{{"n1"}};
  redis_server other;
  for (auto& url : {other.url(), std::string{}}) {
    auto stranger = all.make("n2", url);
    stranger->start();
    std::ostringstream log;
    log << std::ifstream{stranger->log_path()}.rdbuf();
    CHECK(log.str().find("the nodes n1 and n2 do not keep their events in one store") != std::string::npos);
    CHECK(all.report("n1").size() == 1);
  }
}
