// Agents that throw, do not return, or end the process, in a real node.
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"
#include "tests/support/shell.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <fstream>
#include <sstream>

using namespace weir;
using namespace weir::test;

namespace {

std::string text_of_file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A node with one plugin, whose kinds are agents of the same names.
std::string config_of(const std::string& plugin, const std::vector<std::string>& kinds) {
  json agents = json::object();
  for (auto& kind : kinds) agents[kind] = {{"kind", kind}};
  json out = {{"plugins", {std::string{WEIR_TEST_PLUGINS} + "/" + plugin + ".so"}},
              {"agents", agents},
              {"namespaces", {{"*", {{"agents", kinds}}}}},
              {"node", {{"handler_warn_ms", 200}}}};
  return out.dump();
}

json call_of(const std::string& target, const std::string& id, const json& input) {
  return {{"op", "call"}, {"target", target}, {"message_id", id}, {"input", input}, {"timeout_ms", 60'000}};
}

std::string text_of_command(const std::string& line) { return shell(line + " 2>&1").out; }

} // namespace

TEST_CASE("README's greeter is the plugin that is tested here", "[docs]") {
  auto page = text_of_file(WEIR_SOURCE_DIR "/README.md");
  auto source = text_of_file(WEIR_SOURCE_DIR "/tests/plugins/greeter.cpp");
  CHECK(page.find("<!-- file: greeter.cpp -->\n```cpp\n" + source + "```\n") != std::string::npos);
}

TEST_CASE("README's greeter fails six calls that it cannot read, and greets the next") {
  node_process node(config_of("greeter", {"greeter"}));
  node.start();
  auto weir = weir_binary() + " call --url " + node.url() + " --client cli greeter ";
  for (int i = 0; i < 6; ++i) {
    auto said = text_of_command(weir + "12");
    for (auto* part : {"\"failed\"", "agent greeter: on_call", "type must be string, but is number", "(cli/"})
      CHECK(said.find(part) != std::string::npos);
  }
  CHECK(text_of_command(weir + "'\"Ann\"'").find("Hello Ann, for the first time") != std::string::npos);
  auto admin = weir_binary() + " agents --url " + node.admin_url();
  auto state = json::parse(text_of_command(admin));
  CHECK(state["agent"] == "greeter");
  CHECK(state["state"] == "ready");
  CHECK(json::parse(text_of_command(admin + " restart greeter"))["restarted"] == true);
  CHECK(text_of_command(weir + "'\"Ann\"'").find("Hello again, Ann: 2 times now") != std::string::npos);
  auto log = text_of_file(node.log_path());
  CHECK(log.find("agent greeter of demo: on_call failed: ") != std::string::npos);
  CHECK(log.find("; it handled cli/") != std::string::npos);
  CHECK(log.find("unhandled exception") == std::string::npos);
  CHECK(node.stop() == 0);
}

TEST_CASE("a handler that does not return is named, and SIGTERM ends the node all the same") {
  node_process node(config_of("unruly", {"stuck"}));
  node.let_drain(1s, 0ms);
  node.start();
  client alice(node, "alice");
  for (auto* id : {"c1", "c2", "c3", "c4"})
    alice.send(call_of("stuck", id, 1)); // one is stuck; the rest wait
  auto named = [&node] {
    return text_of_file(node.log_path()).find("namespace demo: on_call of agent stuck has not returned for ")
           != std::string::npos;
  };
  auto until = std::chrono::steady_clock::now() + 20s;
  while (!named() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(20ms);
  REQUIRE(named());
  CHECK(node.stop() == 1);
  auto log = text_of_file(node.log_path());
  CHECK(log.find("ends without it: namespace demo: on_call of agent stuck") != std::string::npos);
  CHECK(log.find("it handles alice/c1") != std::string::npos);
}

TEST_CASE("what ends the process twice is a dead letter, and the node goes on") {
  node_process node(config_of("unruly", {"deadly"}));
  node.start();
  auto calls = GENERATE(true, false);
  {
    client alice(node, "alice");
    if (calls)
      alice.send(call_of("deadly", "m1", "die"));
    else
      alice.publish("in.x", "m1", "die");
    CHECK(node.await_end() == 3);
  }
  // Whoever starts the node again: its second life ends with the second try.
  int deaths = 1;
  auto lives_on = [&node] {
    try {
      node.start();
      client alice(node, "alice");
      alice.subscribe("out.*");
      alice.publish("in.x", "m2", 7);
      if (alice.await("event")["data"] == 7) return true;
    } catch (const std::exception&) {
      // it died while it started, or while the client came
    }
    node.kill();
    return false;
  };
  while (deaths < 5 && !lives_on()) ++deaths;
  CHECK(deaths == 2);
  auto letters = text_of_command(weir_binary() + " dead --url " + node.admin_url());
  CHECK(letters.find("\"event_id\":\"alice/m1\"") != std::string::npos);
  if (calls) {
    client alice(node, "alice");
    alice.send(call_of("deadly", "m1", "die"));
    CHECK(alice.await("result")["error"]["reason"] == "dead_letter");
  }
  CHECK(node.stop() == 0);
}
