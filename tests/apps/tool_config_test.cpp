#include "tests/support/config.hpp"

#include <nlohmann/json.hpp>

using namespace weir;
using namespace weir::test;

namespace {

/// An agent `a` with these tools, and an agent `finder`; both run in `demo`.
std::string with_tools(const std::string& tools, const std::string& running = R"(["a","finder"])") {
  return R"({"agents":{"a":{"tools":)" + tools + R"(},"finder":{"kind":"echo"}},
             "namespaces":{"demo":{"agents":)"
         + running + "}}}";
}

const prompt_config& agent_a(const node_config& cfg) {
  for (auto& x : cfg.agents)
    if (x.name == "a") return x.prompt;
  throw std::logic_error("no agent a");
}

} // namespace

TEST_CASE("a prompt agent's tools are read, with defaults, and printed so that they can be read again",
          "[config][tools]") {
  auto cfg = good(with_tools(R"([{"name":"lookup","agent":"finder"},
    {"name":"find-2","agent":"finder","description":"Finds.","timeout_ms":5000,
     "parameters":{"type":"object","required":["q"]}}])"));
  auto& tools = agent_a(cfg).tools;
  REQUIRE(tools.size() == 2);
  CHECK(agent_a(cfg).tool_rounds == 8);
  CHECK(tools[0].timeout_ms == 10'000);
  CHECK(tools[0].parameters == R"({"type":"object"})");
  CHECK(tools[1].description == "Finds.");
  CHECK(tools[1].timeout_ms == 5000);
  auto again = good(print_config(cfg));
  REQUIRE(agent_a(again).tools.size() == 2);
  CHECK(agent_a(again).tools[1].parameters == R"({"type":"object","required":["q"]})");
  CHECK(agent_a(again).tools[1].name == "find-2");
}

TEST_CASE("tools that cannot be are refused with their path", "[config][tools]") {
  struct wrong {
    std::string tools, line;
  };
  for (auto& x : std::vector<wrong>{
           {R"({})", "agents.a.tools: must be a list, is an object"},
           {R"([{"agent":"finder"}])", "agents.a.tools[0].name: needed"},
           {R"([{"name":"x"}])", "agents.a.tools[0].agent: needed"},
           {R"([{"name":"x y","agent":"finder"}])",
            "agents.a.tools[0].name: \"x y\": a name must be 1 to 64 of A-Z a-z 0-9 _ -"},
           {R"([{"name":"x","agent":"finder"},{"name":"x","agent":"finder"}])",
            "agents.a.tools[1].name: \"x\" is there twice"},
           {R"([{"name":"x","agent":"nobody"}])", "agents.a.tools[0].agent: no agent or workflow \"nobody\""},
           {R"([{"name":"x","agent":"a"}])", "agents.a.tools[0].agent: must be another agent"},
           {R"([{"name":"x","agent":"finder","parameters":"no"}])",
            "agents.a.tools[0].parameters: must be an object, is a text"},
           {R"([{"name":"x","agent":"finder","parameters":{"type":"string"}}])",
            "agents.a.tools[0].parameters.type: \"string\": must be \"object\""},
           {R"([{"name":"x","agent":"finder","timeout_ms":0}])",
            "agents.a.tools[0].timeout_ms: 0 is out of range, must be 1 to 86400000"},
           {R"([{"name":"x","agent":"finder","timeoutms":5}])",
            "agents.a.tools[0].timeoutms: unknown key, did you mean timeout_ms?"},
       }) {
    CAPTURE(x.tools);
    CHECK(bad(with_tools(x.tools)) == lines{x.line});
  }
}

TEST_CASE("more tools than an agent can have are refused", "[config][tools]") {
  auto tools = nlohmann::json::array();
  for (int i = 0; i < 64; ++i) tools.push_back({{"name", "t" + std::to_string(i)}, {"agent", "finder"}});
  CHECK(agent_a(good(with_tools(tools.dump()))).tools.size() == 64);
  tools.push_back({{"name", "more"}, {"agent", "finder"}});
  CHECK(bad(with_tools(tools.dump()))
        == lines{"agents.a.tools: 65 entries are too many, must be at most 64"});
}

TEST_CASE("a tool's agent has to run wherever the agent runs that calls it", "[config][tools]") {
  auto* tools = R"([{"name":"x","agent":"finder"}])";
  CHECK(bad(with_tools(tools, R"(["a"])"))
        == lines{"agents.a.tools[0].agent: \"finder\" does not run in namespaces.demo"});
  good(with_tools(tools, R"(["finder"])"));
}

TEST_CASE("a tool may be a workflow that runs there", "[config][tools]") {
  auto text = [](const std::string& workflows) {
    return R"({"agents":{"a":{"tools":[{"name":"x","agent":"w"}]},"e":{"kind":"echo"}},
               "workflows":{"w":{"sequence":[{"agent":"e"}]}},
               "namespaces":{"demo":{"agents":["a","e"],"workflows":)"
           + workflows + "}}}";
  };
  CHECK(agent_a(good(text(R"(["w"])"))).tools.at(0).agent == "w");
  CHECK(bad(text("[]")) == lines{"agents.a.tools[0].agent: \"w\" does not run in namespaces.demo"});
}

TEST_CASE("tools and their rounds are for prompt agents, and the rounds have a range", "[config][tools]") {
  CHECK(bad(R"({"agents":{"e":{"kind":"echo","tools":[]}}})")
        == lines{"agents.e.tools: only for the kind prompt"});
  CHECK(bad(R"({"agents":{"a":{"tool_rounds":33}}})")
        == lines{"agents.a.tool_rounds: 33 is out of range, must be 1 to 32"});
  CHECK(bad(R"({"agents":{"a":{"tool_rounds":0}}})")
        == lines{"agents.a.tool_rounds: 0 is out of range, must be 1 to 32"});
}
