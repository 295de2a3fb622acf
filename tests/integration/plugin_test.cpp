// The stock node with plugins.
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;
using namespace weir::test;

namespace {

std::string log_of(const node_process& node) {
  std::ifstream in(node.log_path());
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

json call(client& who, const std::string& target, const std::string& id, const json& input) {
  auto asked = who.ask({{"op", "call"}, {"target", target}, {"message_id", id}, {"input", input}});
  if (asked["op"] != "ok") return asked;
  return who.await("result");
}

json config_of(std::vector<std::string> plugins) {
  for (auto& x : plugins) x.insert(0, WEIR_TEST_PLUGINS "/");
  return {{"plugins", plugins},
          {"agents", {{"mine", {{"kind", "probe"}, {"settings", {{"deep", {1, 2}}}}}}}},
          {"namespaces", {{"*", {{"agents", {"echo", "mine"}}}}}}};
}

} // namespace

TEST_CASE("a stock node runs the agents of a plugin") {
  node_process node(config_of({"good.so"}).dump());
  node.start();
  client alice(node, "alice");
  CHECK(call(alice, "mine", "c1", "hello")["output"]
        == json{{"settings", {{"deep", {1, 2}}}}, {"agent", true}});
  CHECK(call(alice, "mine", "c2", "catch")["output"] == "emit: sys.mine is the server's own");
  CHECK(call(alice, "mine", "c3", "count")["output"] == 1);
  CHECK(call(alice, "mine", "c4", "throw")["status"] == "failed");
  CHECK(call(alice, "mine", "c5", "count")["output"] == 2);
  CHECK(log_of(node).find("agent mine of demo: asked for \"hello\"") != std::string::npos);
  CHECK(node.stop() == 0);
}

TEST_CASE("a node goes on without a plugin that it refuses, and without its agents") {
  node_process node(config_of({"wrong_abi.so", "gone.so"}).dump());
  node.start();
  client alice(node, "alice");
  CHECK(call(alice, "echo", "c1", 7)["output"] == 7);
  auto no = call(alice, "mine", "c2", 7);
  CHECK(no["status"] == "failed");
  CHECK(no["error"]["code"] == 503);
  auto log = log_of(node);
  CHECK(log.find("wrong_abi.so is refused: it has plugin ABI 999 (Weir 9.9.9), this node")
        != std::string::npos);
  CHECK(log.find("gone.so is refused: ") != std::string::npos);
  CHECK(log.find("agents.mine does not run: no kind of agent \"probe\"") != std::string::npos);
  CHECK(node.stop() == 0);
}

TEST_CASE("agents that block have threads of their own, so that nobody else waits for them") {
  // More of them than the node has threads for actors.
  json agents = {}, names = {"echo"};
  for (int i = 0; i < 16; ++i) {
    auto name = "b" + std::to_string(i);
    agents[name] = {{"kind", "blocker"}};
    names.push_back(name);
  }
  json config = {{"plugins", {std::string{WEIR_TEST_PLUGINS} + "/good.so"}},
                 {"agents", agents},
                 {"namespaces", {{"*", {{"agents", names}}}}}};
  node_process node(config.dump());
  node.start();
  client alice(node, "alice");
  auto go = node.folder() + "/go";
  for (int i = 0; i < 16; ++i) {
    auto n = std::to_string(i);
    alice.ask({{"op", "call"},
               {"target", "b" + n},
               {"message_id", "b" + n},
               {"input", go},
               {"timeout_ms", 60'000}});
  }
  client bob(node, "bob");
  CHECK(call(bob, "echo", "c1", 7)["output"] == 7);
  std::ofstream{go} << "go";
  for (int i = 0; i < 16; ++i) CHECK(alice.await("result")["output"] == "unblocked");
  CHECK(node.stop() == 0);
}

TEST_CASE("`weir config` opens the plugins too, and says which are refused") {
  auto run = [](const json& config, std::string& said) {
    node_process files(config.dump()); // for its folder
    auto line = weir_binary() + " config --config " + files.folder() + "/weir.json 2>&1 >/dev/null";
    auto* pipe = popen(line.c_str(), "r");
    REQUIRE(pipe != nullptr);
    char buffer[1024];
    while (auto n = fread(buffer, 1, sizeof buffer, pipe)) said.append(buffer, n);
    return WEXITSTATUS(pclose(pipe));
  };
  std::string said;
  CHECK(run(config_of({"good.so"}), said) == 0);
  CHECK(said.empty());
  CHECK(run(config_of({"throws.so"}), said) == 2);
  CHECK(said.find("throws.so is refused: its register function threw: no luck today") != std::string::npos);
  said.clear();
  CHECK(run(config_of({}), said) == 2);
  CHECK(said.find("agents.mine.kind: no kind of agent \"probe\"") != std::string::npos);
}
