// A prompt agent whose model calls another agent, in the real node with a configuration file only.
#include "tests/integration/client.hpp"

using namespace weir::test;

namespace {

const char* const config = R"({
  "models": {
    "default": { "simulated": { "first_piece_ms": 5, "piece_ms": 1, "replies": [
      { "if": "deep", "tool": { "name": "gauge", "arguments": { "at": "weir" } } },
      { "if": "weir", "say": "Three metres." } ] } }
  },
  "agents": {
    "keeper": { "tools": [ { "name": "gauge", "agent": "river", "description": "How deep the water is.",
      "parameters": { "type": "object", "required": ["at"], "properties": { "at": { "type": "string" } } } } ] },
    "river": { "kind": "echo" }
  },
  "namespaces": { "demo": { "agents": ["keeper", "river"] } }
})";

} // namespace

TEST_CASE("a node's model calls the agent that its configuration offers, and answers with what that says",
          "[tools]") {
  node_process node(config);
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  bob.subscribe("sys.>");
  alice.send({{"op", "call"},
              {"target", "keeper"},
              {"message_id", "c1"},
              {"input", "How deep is it?"},
              {"stream", true}});
  std::string streamed;
  auto result = alice.await([&streamed](const json& x) {
    if (x["op"] == "delta") streamed += x["text"];
    return x["op"] == "result";
  });
  REQUIRE(!result.is_null());
  INFO(result.dump());
  CHECK(result["status"] == "complete");
  CHECK(result["output"]["text"] == "Three metres.");
  CHECK(streamed == "Three metres.");
  CHECK(result["attempts"] == 2);
  auto of_type = [&bob](const std::string& type) {
    return bob.await([&type](const json& x) { return x["op"] == "event" && x["type"] == type; });
  };
  auto told = of_type("sys.run.tool");
  REQUIRE(!told.is_null());
  CHECK(told["data"] == json{{"run_id", "alice/c1"}, {"tool", "gauge"}, {"round", 1}});
  auto called = of_type("sys.call.river");
  REQUIRE(!called.is_null());
  CHECK(called["client_id"] == "agent:keeper");
  CHECK(called["data"]["input"] == json{{"at", "weir"}});
  CHECK(node.stop() == 0);
}
