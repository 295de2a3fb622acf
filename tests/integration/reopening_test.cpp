// A lone node opens what its store has of namespaces when it starts: all of them, once, without any client.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"

#include <fstream>
#include <sstream>

using namespace weir::test;

namespace {

constexpr int namespaces = 300; // more than one page of names

std::string config() {
  json out = {
      {"agents", {{"echo", {{"kind", "echo"}}}}},
      {"workflows",
       {{"waits", {{"await", {{"on", "never.comes"}, {"timeout_ms", 86'400'000}}}}},
        {"soon",
         {{"await", {{"on", "never.comes"}, {"timeout_ms", 500}, {"otherwise", {{"agent", "echo"}}}}}}}}},
      {"log", {{"level", "debug"}}},
      {"namespaces", {{"*", {{"agents", {"echo"}}, {"workflows", {"waits", "soon"}}}}}}};
  return out.dump();
}

json admin(const node_process& node, const std::string& path) {
  auto got = weir::http_fetch(node.admin_url(), "GET", path, {}, {}, 10s);
  return json::parse(got.body, nullptr, false);
}

std::string log_of(const node_process& node) {
  std::stringstream out;
  out << std::ifstream{node.log_path()}.rdbuf();
  return out.str();
}

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t out = 0;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

template <class Done>
bool within(std::chrono::seconds time, Done done) {
  auto until = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < until) {
    if (done()) return true;
    std::this_thread::sleep_for(100ms);
  }
  return false;
}

std::string name_of(int i) { return "ns" + std::to_string(i); }

} // namespace

TEST_CASE("a lone node opens each namespace of its store once, and takes up their calls, at each start") {
  node_process node{config()};
  node.start();
  for (int i = 0; i < namespaces; ++i) {
    client alice{node, "alice", name_of(i)};
    CHECK(alice.ask({{"op", "publish"}, {"type", "a"}, {"message_id", "m"}, {"data", i}})["seq"] == 1);
    if (i % 100 == 0)
      CHECK(alice.ask({{"op", "call"}, {"target", "waits"}, {"message_id", "w"}, {"input", 1}})["op"]
            == "ok");
  }
  for (int round = 0; round < 2; ++round) {
    auto ns = name_of(7 + 100 * round);
    {
      client alice{node, "alice", ns};
      CHECK(alice.ask({{"op", "call"}, {"target", "soon"}, {"message_id", "s"}, {"input", 1}})["op"] == "ok");
    }
    node.kill();
    auto told = log_of(node).size();
    node.start();
    CHECK(within(40s, [&] {
      return log_of(node).find("host.reopened namespaces=" + std::to_string(namespaces), told)
             != std::string::npos;
    }));
    auto log = log_of(node).substr(told);
    CHECK(times(log, "is to move") == 0);
    for (auto& one : {name_of(0), name_of(namespaces - 1), ns})
      CHECK(times(log, "namespace " + one + " is open") == 1);
    CHECK(admin(node, "/v1/admin/nodes")[0]["namespaces"] == namespaces);
    // Nobody has come yet.
    for (int i = 0; i < namespaces; i += 100)
      CHECK(within(5s,
                   [&] { return admin(node, "/v1/admin/namespaces/" + name_of(i) + "/runs").size() == 1; }));
    CHECK(within(5s, [&] { return admin(node, "/v1/admin/namespaces/" + ns + "/runs").empty(); }));
    client alice{node, "alice", ns};
    alice.send({{"op", "call"}, {"target", "soon"}, {"message_id", "s"}, {"input", 1}});
    CHECK(alice.await("result")["status"] == "complete");
  }
}
