// Several nodes as one system: real processes that speak over loopback.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"
#include "tests/support/shell.hpp"
#include "tests/support/socket_client.hpp"

#include <catch2/catch_message.hpp>

#include <csignal>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

using namespace weir::test;

namespace {

#if defined(WEIR_SANITIZED)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

constexpr const char* secret = "a secret of the cluster's own";

/// A node that hosts namespaces and has no clients, and gateways before it.
class small_cluster {
public:
  explicit small_cluster(json more = json::object()) {
    setenv("WEIR_SESSION_SECRET", secret, 1);
    host = make("h1", {"host", "models"}, {}, more);
    host->start();
  }
  ~small_cluster() { unsetenv("WEIR_SESSION_SECRET"); }

  std::unique_ptr<node_process> make(const std::string& name, json roles, json seeds,
                                     json more = json::object()) const {
    json config = {{"node", {{"name", name}, {"roles", std::move(roles)}}},
                   {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", json::array()}}}};
    if (!seeds.is_null()) config["cluster"]["seeds"] = std::move(seeds);
    config.merge_patch(more);
    return std::make_unique<node_process>(config.dump());
  }

  std::unique_ptr<node_process> gateway(const std::string& name, json more = json::object()) const {
    auto out = make(name, {"gateway"}, {host->cluster_address()}, std::move(more));
    out->start();
    return out;
  }

  std::unique_ptr<node_process> host;
};

json nodes(const node_process& asked) {
  return json::parse(weir::http_fetch(asked.admin_url(), "GET", "/v1/admin/nodes", {}, {}, 10s).body);
}

/// Waits until a node knows of so many.
bool knows(const node_process& asked, std::size_t n) {
  for (int i = 0; i < 200; ++i) {
    if (nodes(asked).size() == n) return true;
    std::this_thread::sleep_for(50ms);
  }
  return false;
}

json resume(weir::ws_client& socket, const node_process& node, const std::string& id,
            const std::string& session, std::uint64_t last_seq) {
  socket.connect(node.url());
  json hello = {{"op", "hello"}, {"namespace", "demo"}, {"client_id", id}};
  hello["session"] = session;
  hello["last_seq"] = last_seq;
  socket.send(hello.dump());
  auto text = socket.receive(5s);
  return text ? json::parse(*text) : json();
}

std::string name_of(int i) { return "m" + std::to_string(i); }

json publish_of(int i, const std::string& data = "x") {
  return {{"op", "publish"}, {"type", "chat.a"}, {"message_id", name_of(i)}, {"data", data}};
}

std::uint64_t metric(const node_process& node, const std::string& name) {
  auto text = weir::http_fetch(node.admin_url(), "GET", "/metrics", {}, {}, 10s).body;
  std::uint64_t out = 0;
  for (std::size_t at = 0; (at = text.find('\n' + name, at)) != std::string::npos; ++at) {
    auto end = text.find('\n', at + 1);
    auto line = text.substr(at + 1, end - at - 1);
    out += std::stoull(line.substr(line.rfind(' ') + 1));
  }
  return out;
}

} // namespace

TEST_CASE("what is published at one gateway is received at another, in order") {
  small_cluster all;
  auto g1 = all.gateway("g1"), g2 = all.gateway("g2");
  client alice{*g1, "alice"}, bob{*g2, "bob"};
  CHECK(alice.welcome["node"] == "g1");
  CHECK(bob.welcome["node"] == "g2");
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  for (int i = 1; i <= 200; ++i) alice.send(publish_of(i));
  for (int i = 1; i <= 200; ++i) REQUIRE(bob.await("event")["message_id"] == name_of(i));
  CHECK(alice.await([](const json& x) { return x["message_id"] == "m200"; })["seq"] == 200);
}

TEST_CASE("a client of a gateway can do all that a client of a single node can") {
  small_cluster all;
  auto g1 = all.gateway("g1"), g2 = all.gateway("g2");
  client alice{*g1, "alice"}, bob{*g2, "bob"};
  alice.send({{"op", "presence"}, {"id", "p"}});
  CHECK(alice.await("presence")["count"] == 2);

  json queue = {{"op", "subscribe"}, {"id", "q"}, {"pattern", "work"}, {"queue", "g"}, {"ack", true}};
  CHECK(bob.ask(queue)["op"] == "ok");
  alice.send({{"op", "publish"}, {"type", "work"}, {"message_id", "w1"}, {"data", 1}, {"receipt", "acked"}});
  CHECK(bob.await("event")["message_id"] == "w1");
  bob.send({{"op", "ack"}, {"event_id", "alice/w1"}});
  CHECK(alice.await("receipt")["by"] == json::array({"bob"}));

  alice.send(
      {{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "hi"}, {"stream", true}});
  CHECK(alice.await("ok")["run_id"] == "alice/c1");
  bob.send({{"op", "watch"}, {"run_id", "alice/c1"}});
  std::string text, watched;
  auto follow = [](client& who, std::string& into) {
    return who.await([&into](const json& x) {
      if (x["op"] == "delta") into += x["text"].get<std::string>();
      return x["op"] == "result";
    });
  };
  auto result = follow(alice, text);
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["text"] == text);
  CHECK(follow(bob, watched)["output"] == result["output"]);
  CHECK(watched == text);

  bob.send({{"op", "history"}, {"id", "h"}, {"pattern", "work"}});
  CHECK(bob.await("history")["events"].size() == 1);

  // The same session at another gateway: the new socket wins.
  weir::ws_client second;
  CHECK(resume(second, *g1, "bob", bob.welcome["session"], 0)["op"] == "welcome");
  while (bob.socket.is_open() && !bob.receive(2s).is_null()) {
  }
  CHECK(bob.socket.close_code() == 4409);
}

TEST_CASE("operators see all nodes from each of them, and the namespaces of the one that hosts") {
  small_cluster all;
  auto g1 = all.gateway("g1"), g2 = all.gateway("g2");
  client alice{*g1, "alice"};
  for (auto* x : {all.host.get(), g1.get(), g2.get()}) CHECK(knows(*x, 3));
  std::map<std::string, json> by_name;
  for (auto& x : nodes(*g2)) by_name[x["name"]] = x;
  CHECK(by_name["h1"]["namespaces"] == 1);
  CHECK(by_name["h1"]["roles"] == json::array({"host", "models"}));
  CHECK(by_name["h1"]["address"] == all.host->cluster_address());
  CHECK(by_name["g1"]["connections"] == 1);
  CHECK(by_name["g2"]["connections"] == 0);
  CHECK(run("nodes --url " + g1->admin_url()).status == 0);
  CHECK(json::parse(run("namespaces --url " + g1->admin_url()).out)["name"] == "demo");
  CHECK(metric(*g1, "weir_cluster_members") == 3);
  CHECK(alice.subscribe("sys.node.*")["op"] == "ok");
  g2->kill();
  auto left = alice.await("event");
  CHECK(left["type"] == "sys.node.left");
  CHECK(left["data"]["node"] == "g2");
  CHECK(knows(*all.host, 2));
}

TEST_CASE("a session goes on at another gateway when its own was killed") {
  small_cluster all;
  auto g1 = all.gateway("g1"), g2 = all.gateway("g2");
  client alice{*g2, "alice"};
  std::string session;
  std::uint64_t last_seq = 0;
  {
    client bob{*g1, "bob"};
    session = bob.welcome["session"];
    CHECK(bob.subscribe("chat.*")["op"] == "ok");
    for (int i = 1; i <= 20; ++i) CHECK(alice.ask(publish_of(i))["seq"] == i);
    for (int i = 1; i <= 10; ++i) last_seq = bob.await("event")["seq"];
    g1->kill();
  }
  for (int i = 21; i <= 30; ++i) CHECK(alice.ask(publish_of(i))["seq"] == i);
  weir::ws_client bob;
  CHECK(resume(bob, *g2, "bob", session, last_seq)["recovered"] == true);
  for (int i = 11; i <= 30; ++i) {
    auto text = bob.receive(5s);
    REQUIRE(text);
    CHECK(json::parse(*text)["message_id"] == name_of(i));
  }
  CHECK_FALSE(bob.receive(300ms)); // nothing twice
}

TEST_CASE("clients keep their sockets when the node that hosts is killed and started again") {
  small_cluster all;
  auto g1 = all.gateway("g1");
  client alice{*g1, "alice"}, bob{*g1, "bob"};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  for (int i = 1; i <= 50; ++i) CHECK(alice.ask(publish_of(i))["seq"] == i);
  all.host->kill();
  CHECK(alice.is_served());
  all.host->start();
  // What is refused meanwhile is sent again, with the same id.
  for (int i = 51; i <= 60; ++i) {
    auto got = alice.insist(publish_of(i));
    REQUIRE(got["op"] == "ok");
    CHECK(got["seq"] == i);
  }
  for (int i = 1; i <= 60; ++i) REQUIRE(bob.await("event")["message_id"] == name_of(i));
  CHECK(bob.socket.is_open());
  CHECK(alice.ask(publish_of(7))["duplicate"] == true);
}

TEST_CASE("a gateway that finds no node that hosts tells its clients") {
  small_cluster all;
  auto alone = all.make("g1", {"gateway"}, {"127.0.0.1:1"});
  alone->start();
  weir::ws_client socket;
  socket.connect(alone->url());
  auto answer = socket.hello("demo", "alice");
  CHECK(answer["op"] == "error");
  CHECK(answer["code"] == 503);
  CHECK(answer["reason"] == "unavailable");
  CHECK(answer["retry_after_ms"] > 0);
}

TEST_CASE("the second node of one name ends with 1 and says why") {
  small_cluster all;
  auto first = all.gateway("g1");
  auto second = all.make("g1", {"gateway"}, {all.host->cluster_address()});
  try {
    second->start();
    CHECK(second->await_end() == 1); // it had begun before it was told
  } catch (const std::runtime_error& error) {
    INFO(error.what());
    CHECK(std::string{error.what()}.find("there is a node named g1 already") != std::string::npos);
  }
  CHECK(nodes(*all.host).size() == 2);
}

TEST_CASE("a node of a cluster does not start without the secret that all share") {
  unsetenv("WEIR_SESSION_SECRET");
  auto got = run("node --set cluster.listen=127.0.0.1:0 2>&1");
  CHECK(got.status == 2);
  CHECK(got.out.find("WEIR_SESSION_SECRET") != std::string::npos);
  setenv("WEIR_SESSION_SECRET", secret, 1);
  got = run("node --set cluster.listen=192.0.2.1:4700 2>&1");
  CHECK(got.status == 2);
  CHECK(got.out.find("--insecure") != std::string::npos);
  unsetenv("WEIR_SESSION_SECRET");
}

TEST_CASE("a gateway that stops reading fills nobody's memory, and its clients get all when it goes on") {
  // It is not taken for dead within the test.
  json patient = {
      {"cluster", {{"timeout_ms", 600'000}}},
      {"limits", {{"link_bytes", 1024 * 1024}, {"publish_per_s", 1'000'000}, {"burst", 1'000'000}}}};
  small_cluster all{patient};
  auto g1 = all.gateway("g1", patient), g2 = all.gateway("g2", patient);
  client alice{*g1, "alice"}, bob{*g2, "bob"};
  CHECK(bob.subscribe("chat.*")["op"] == "ok");
  constexpr int before = 500, events = is_sanitized ? 1500 : 3000;
  std::string data(60'000, 'x'); // 150 MB while the gateway stands still
  auto publish = [&](int first, int last) {
    for (int i = first; i <= last; ++i) REQUIRE(alice.ask(publish_of(i, data))["op"] == "ok");
  };
  auto receive = [&](int first, int last) {
    for (int i = first; i <= last; ++i) {
      auto got = bob.await([](const json& x) { return x["op"] == "event" || x["op"] == "gap"; });
      REQUIRE(got["op"] == "event");
      REQUIRE(got["message_id"] == name_of(i));
    }
  };
  publish(1, before); // the log in memory is full from here on
  receive(1, before);
  auto left_out = metric(*all.host, "weir_link_left_out_total");
  auto memory_kib = all.host->memory_kib();
  g2->signal(SIGSTOP);
  publish(before + 1, events);
  CHECK(metric(*all.host, "weir_link_left_out_total") > left_out + events - before - 500);
  auto grown_kib = static_cast<std::int64_t>(all.host->memory_kib()) - static_cast<std::int64_t>(memory_kib);
  INFO("grown by " << grown_kib << " KiB");
  // The store's caches and the allocator have a part in it, and what a sanitizer keeps of each byte.
  CHECK(grown_kib < (is_sanitized ? 8 : 1) * 64 * 1024);
  g2->signal(SIGCONT);
  receive(before + 1, events);
}

TEST_CASE("whoever connects as a node and is none takes no memory and no place for long") {
  small_cluster cluster;
  auto address = cluster.host->cluster_address();
  auto port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  auto before = cluster.host->memory_kib();
  std::vector<std::unique_ptr<socket_client>> guests;
  for (int i = 0; i < 20; ++i) guests.push_back(std::make_unique<socket_client>(port));
  SECTION("with a message of 4 GiB to come") {
    for (auto& x : guests) x->send_raw(std::string{"\1\0\0\0\xff\xff\xff\xff", 8} + std::string(24, '\0'));
  }
  SECTION("in silence") {}
  for (auto& x : guests) x->read_all(); // until it is closed
  CHECK(cluster.host->memory_kib() < before + 20 * 1024);
  auto gateway = cluster.gateway("g1");
  CHECK(knows(*gateway, 2));
}

TEST_CASE("publishes to a host that stands still are refused once the credit for it is used up") {
  json patient = {{"cluster", {{"timeout_ms", 600'000}}}, {"limits", {{"relay_credit", 8}}}};
  small_cluster all{patient};
  auto g1 = all.gateway("g1", patient);
  client alice{*g1, "alice"};
  all.host->signal(SIGSTOP);
  for (int i = 1; i <= 20; ++i) alice.send(publish_of(i));
  for (int i = 9; i <= 20; ++i) {
    auto refused = alice.await("error");
    CHECK(refused["code"] == 429);
    CHECK(refused["reason"] == "link_full");
    CHECK(refused["scope"] == "link");
    CHECK(refused["message_id"] == name_of(i));
    CHECK(refused["retry_after_ms"] > 0);
    CHECK(refused["limit"] == 8);
  }
  all.host->signal(SIGCONT);
  for (int i = 1; i <= 8; ++i) CHECK(alice.await("ok")["seq"] == i);
  CHECK(alice.ask(publish_of(9))["seq"] == 9);
}
