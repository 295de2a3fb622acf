// A node that takes a new configuration while it runs, what signals do to it, and the token of its admin
// calls.
#include "net/client/http_client.hpp"
#include "tests/integration/client.hpp"
#include "tests/support/shell.hpp"

#include <csignal>
#include <fstream>
#include <sstream>

#include <sys/stat.h>

using namespace weir;
using namespace weir::test;

namespace {

void write_config(const node_process& node, const std::string& text) {
  std::ofstream{node.folder() + "/weir.json"} << text;
}

std::string log_of(const node_process& node) {
  std::ifstream in(node.log_path());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool comes_to_say(const node_process& node, const std::string& what) {
  for (int i = 0; i < 500; ++i) {
    if (log_of(node).find(what) != std::string::npos) return true;
    std::this_thread::sleep_for(20ms);
  }
  return false;
}

http_answer reload(const node_process& node) {
  return http_fetch(node.admin_url(), "POST", "/v1/admin/reload", {}, node.admin_token(), 20s);
}

json call(client& from, const std::string& target, const std::string& id) {
  auto got = from.insist({{"op", "call"}, {"target", target}, {"message_id", id}, {"input", "hello"}});
  if (got["op"] != "ok") return got;
  return from.await([&](const json& x) { return x["op"] == "result" && x["run_id"] == got["run_id"]; });
}

} // namespace

TEST_CASE("a reload changes limits, agents and models under clients that keep their sockets", "[reload]") {
  node_process node{R"({"limits":{"burst":50}})"};
  node.start();
  client alice{node, "alice"};
  CHECK(alice.welcome["limits"]["burst"] == 50);
  CHECK(alice.subscribe("a")["op"] == "ok");
  auto first = alice.ask({{"op", "publish"}, {"type", "a"}, {"message_id", "m1"}, {"data", 1}});
  CHECK(alice.await("event")["message_id"] == "m1");
  write_config(node, R"({"limits":{"burst":60},"listen":{"port":1},"log":{"level":"debug"},
      "models":{"tiny":{"simulated":{"pieces":1,"first_piece_ms":0,"replies":[{"say":"new"}]}}},
      "agents":{"helper":{"kind":"prompt","model":"tiny","on":["x.*"],"emit":"y.{1}"}},
      "namespaces":{"*":{"agents":["echo","helper"]}}})");
  auto got = reload(node);
  INFO(got.body);
  REQUIRE(got.status == 200);
  auto report = json::parse(got.body);
  auto has = [&](const char* list, const std::string& key) {
    return std::count(report[list].begin(), report[list].end(), key) == 1;
  };
  for (auto* key : {"limits.burst", "log.level", "models.tiny", "agents.helper", "namespaces.*.agents"}) {
    INFO(key);
    CHECK(has("changed", key));
  }
  CHECK(client(node, "bob").welcome["limits"]["burst"] == 60);
  CHECK(call(alice, "helper", "c1")["output"]["text"] == "new"); // on the socket that she had
  auto second = alice.insist({{"op", "publish"}, {"type", "a"}, {"message_id", "m2"}, {"data", 1}});
  CHECK(second["seq"].get<std::uint64_t>() > first["seq"].get<std::uint64_t>());
  CHECK(alice.await("event")["message_id"] == "m2"); // still subscribed, nothing came twice
  CHECK(alice.insist({{"op", "call"}, {"target", "assistant"}, {"message_id", "c2"}, {"input", 1}})["op"]
        != "ok");
}

TEST_CASE("SIGHUP reloads, and a wrong new file changes nothing and says why", "[reload]") {
  node_process node{R"({"limits":{"burst":50}})"};
  node.start();
  write_config(node, R"({"limits":{"burst":0}})");
  node.signal(SIGHUP);
  CHECK(comes_to_say(node, "limits.burst: 0 is out of range"));
  auto refused = reload(node);
  CHECK(refused.status == 400);
  CHECK(refused.body.find("limits.burst: 0 is out of range") != std::string::npos);
  CHECK(client(node, "a").welcome["limits"]["burst"] == 50);
  write_config(node, R"({"limits":{"burst":70},"node":{"name":"other"}})");
  node.signal(SIGHUP);
  CHECK(comes_to_say(node, "reload.done: limits.burst"));
  CHECK(comes_to_say(node, "node.name"));
  CHECK(client(node, "b").welcome["limits"]["burst"] == 70);
  CHECK(client(node, "b").welcome["node"] == "n1");
  write_config(node, "");
  CHECK(reload(node).status == 400);
  CHECK(node.stop() == 0);
}

TEST_CASE("the session secret is exchanged under sessions that go on", "[reload]") {
  node_process node;
  std::ofstream{node.folder() + "/old"} << "the older secret of this node";
  std::ofstream{node.folder() + "/new"} << "the newer secret of this node";
  auto secrets = [&](const std::string& list) { return R"({"session":{"secrets":[)" + list + "]}}"; };
  auto file = [&](const char* name) { return R"({"secret_file":")" + node.folder() + '/' + name + R"("})"; };
  write_config(node, secrets(file("old")));
  node.start();
  auto resumes = [&](const std::string& token) {
    ws_client socket;
    socket.connect(node.url());
    socket.send(
        json{{"op", "hello"}, {"namespace", "demo"}, {"client_id", "alice"}, {"session", token}}.dump());
    return json::parse(socket.receive(5s).value_or("{}"))["recovered"] == true;
  };
  auto before = client(node, "alice").welcome["session"].get<std::string>();
  write_config(node, secrets(file("new") + ',' + file("old")));
  REQUIRE(reload(node).status == 200);
  CHECK(resumes(before));
  auto after = client(node, "alice").welcome["session"].get<std::string>();
  write_config(node, secrets(file("new")));
  REQUIRE(reload(node).status == 200);
  CHECK(resumes(after));
  CHECK_FALSE(resumes(before));
  write_config(node, secrets(file("gone")));
  CHECK(reload(node).status == 400);
  CHECK(log_of(node).find("secret of this node") == std::string::npos);
}

TEST_CASE("signals that nobody sends to end a node do not end it", "[reload]") {
  node_process node;
  node.start();
  for (auto x : {SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPIPE, SIGHUP}) node.signal(x);
  client alice{node, "alice"};
  CHECK(alice.is_served());
  node.signal(SIGQUIT); // as SIGTERM
  CHECK(node.await_end() == 0);
}

TEST_CASE("a node makes a token for the calls that change something, and weir finds it", "[reload]") {
  node_process node;
  node.start();
  struct stat about {};
  REQUIRE(stat((node.folder() + "/data/admin.token").c_str(), &about) == 0);
  CHECK((about.st_mode & 0777) == 0600);
  auto made = node.admin_token();
  CHECK(made.size() == 64);
  auto post = [&](const std::string& path, const std::string& token) {
    return http_fetch(node.admin_url(), "POST", path, {}, token, 10s).status;
  };
  CHECK(http_fetch(node.admin_url(), "GET", "/v1/admin/namespaces", {}, {}, 10s).status == 200);
  for (auto* path : {"/v1/admin/drain", "/v1/admin/reload", "/v1/admin/namespaces/demo/dead/retry"}) {
    INFO(path);
    CHECK(post(path, {}) == 401);
    CHECK(post(path, std::string(64, 'a')) == 401);
    CHECK(post(path, made.substr(0, 63)) == 401);
  }
  auto weir = [&](const std::string& command) {
    return shell("cd / && env -u WEIR_ADMIN_TOKEN " + weir_binary() + ' ' + command + " --url "
                 + node.admin_url() + " 2>&1");
  };
  auto reloaded = weir("reload");
  CHECK(reloaded.status == 0);
  CHECK(reloaded.out.find("\"changed\":[]") != std::string::npos);
  CHECK(weir("reload --token-file " + node.folder() + "/weir.json").status == 1);
  node.kill();
  node.start();
  CHECK(node.admin_token() == made); // made once
  CHECK(weir("drain").status == 0);
  CHECK(node.await_end() == 0);
  CHECK(log_of(node).find(made) == std::string::npos);
}
