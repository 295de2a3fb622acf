#include "actors/runs/workflow/workflow_builder.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

using namespace weir;

namespace {

using json = nlohmann::json;
using lines = std::vector<std::string>;

lines to_lines(const std::vector<plan_problem>& x) {
  lines out;
  for (auto& y : x) out.push_back(y.path + ": " + y.message);
  return out;
}

workflow good(const std::string& text, const std::string& name = "w") {
  auto read = read_workflow(name, json::parse(text));
  if (auto* wrong = std::get_if<std::vector<plan_problem>>(&read)) FAIL(to_lines(*wrong)[0]);
  return std::get<workflow>(read);
}

lines bad(const std::string& text) {
  auto read = read_workflow("w", json::parse(text));
  auto* wrong = std::get_if<std::vector<plan_problem>>(&read);
  return wrong == nullptr ? lines{} : to_lines(*wrong);
}

struct refusal_case {
  std::string text;
  lines errors;
};

constexpr auto all_patterns = "agent, workflow, sequence, parallel, route, loop, await, handoff, group_chat, "
                              "fallback, compensate";

} // namespace

TEST_CASE("what is wrong with a plan is told with its path", "[workflows]") {
  auto x = GENERATE(values<refusal_case>({
      {"[]", {": must be an object, is a list"}},
      {"{}", {std::string{": must have one of "} + all_patterns}},
      {R"({"agnt":"a"})", {"agnt: unknown key, did you mean agent?"}},
      {R"({"agent":"a","sequence":[]})", {": has agent and sequence, must have one of them"}},
      {R"({"agent":7})", {"agent: must be a text, is a whole number"}},
      {R"({"agent":"a b"})", {R"(agent: "a b": a name must be 1 to 64 of A-Z a-z 0-9 _ -)"}},
      {R"({"agent":"a","retries":11})", {"retries: 11 is out of range, must be 0 to 10"}},
      {R"({"agent":"a","retries":1.5})", {"retries: must be a whole number, is a number"}},
      {R"({"agent":"a","stream":1})", {"stream: must be true or false, is a whole number"}},
      {R"({"agent":"a","undo":{"agent":"b"}})", {"undo: unknown key"}},
      {R"({"agent":"a","id":""})", {R"(id: "": a name must be 1 to 64 of A-Z a-z 0-9 _ -)"}},
      {R"({"agent":"a","timeout_ms":0})", {"timeout_ms: 0 is out of range, must be 1 to 2592000000"}},
      {R"({"agent":"a","kept":0})", {"kept: must be true or false, is a whole number"}},
      {R"({"sequence":[{"agent":"a","kept":true}]})", {"sequence[0].kept: unknown key"}},
      {R"({"sequence":[{"agent":"a"}],"retries":1})", {"retries: unknown key"}},
      {R"({"sequence":[]})", {"sequence: must have 1 to 1000 steps"}},
      {R"({"sequence":{}})", {"sequence: must be a list, is an object"}},
      {R"({"sequence":[{"agent":"a"},7]})", {"sequence[1]: must be an object, is a whole number"}},
      {R"({"parallel":7})", {"parallel: must be an object, is a whole number"}},
      {R"({"parallel":{"until":"any"}})", {"parallel.do: is needed"}},
      {R"({"parallel":{"do":[{"agent":"a"}],"until":"most"}})",
       {R"(parallel.until: must be "all", "any" or {"quorum": n})"}},
      {R"({"parallel":{"do":[{"agent":"a"}],"until":{"quorum":2}}})",
       {"parallel.until.quorum: 2 is out of range, must be 1 to 1"}},
      {R"({"parallel":{"do":[{"agent":"a"}],"until":{}}})", {"parallel.until.quorum: is needed"}},
      {R"({"sequence":[{"parallel":{"do":[{"agent":"a"}],"timeout_ms":1},"timeout_ms":2}]})",
       {"sequence[0].parallel.timeout_ms: is there twice: in the step too"}},
      {R"({"route":[]})", {"route: must have 1 to 64 ways"}},
      {R"({"route":[{"else":{"agent":"a"}},{"when":{"path":"","equals":1},"do":{"agent":"a"}}]})",
       {"route[0]: else must be the last way"}},
      {R"({"route":[{"when":{"path":"","equals":1}}]})", {"route[0].do: is needed"}},
      {R"({"route":[{"do":{"agent":"a"}}]})", {"route[0].when: is needed"}},
      {R"({"sequence":[{"agent":"a"},{"loop":{"do":[{"agent":"a"}],"until":{"path":"n","equals":1}}}]})",
       {R"(sequence[1].loop.until.path: "n": a pointer must be empty or begin with /)"}},
      {R"({"loop":{"do":[{"agnt":"a"}]}})",
       {"loop.do[0].agnt: unknown key, did you mean agent?", "loop.until: is needed"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"path":"","exists":true},"max":1001,"on_max":"stop"}})",
       {"loop.max: 1001 is out of range, must be 1 to 1000", R"(loop.on_max: must be "continue" or "fail")"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"path":"/a"}}})",
       {"loop.until: must have one of equals, not_equals, contains, exists, less, greater, all, any, not"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"path":"/a","les":1}}})",
       {"loop.until.les: unknown key, did you mean less?"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"path":"/a~2","less":1,"greater":1}}})",
       {"loop.until: must have one of equals, not_equals, contains, exists, less, greater, all, any, not",
        R"(loop.until.path: "/a~2": in a pointer ~ must be written ~0)"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"all":[{"exists":1,"path":7},{"not":{"any":[]}}]}}})",
       {"loop.until.all[0].exists: must be true or false, is a whole number",
        "loop.until.all[0].path: must be a text, is a whole number",
        "loop.until.all[1].not.any: must not be empty"}},
      {R"({"loop":{"do":{"agent":"a"},"until":{"less":null}}})",
       {"loop.until.less: must be a number or a text, is null", "loop.until.path: is needed"}},
      {R"({"await":{}})", {"await.on: is needed"}},
      {R"({"await":{"on":"a..b"}})", {R"(await.on: "a..b": has an empty token)"}},
      {R"({"await":{"on":"a","otherwise":{"agent":"a"}}})",
       {"await.otherwise: is never reached without a timeout_ms"}},
      {R"({"handoff":{"among":["a","a"],"first":"b"}})",
       {R"(handoff.among[1]: "a" is named twice)", "handoff.first: must be one of among"}},
      {R"({"handoff":{"among":[],"max":0}})",
       {"handoff.among: must have 1 to 64 entries", "handoff.max: 0 is out of range, must be 1 to 1000"}},
      {R"({"group_chat":{"next":"random"}})",
       {"group_chat.agents: is needed", R"(group_chat.next: must be "round_robin" or {"agent": name})"}},
      {R"({"group_chat":{"agents":[7],"next":{"agnt":"m"}}})",
       {"group_chat.agents[0]: must be a text, is a whole number",
        "group_chat.next.agnt: unknown key, did you mean agent?", "group_chat.next.agent: is needed"}},
      {R"({"compensate":[{"agent":"a","undo":{"agent":"b","undo":{}}}]})",
       {"compensate[0].undo.undo: unknown key"}},
      {R"({"agent":"a","input":{"x":[{"$":"/vlaue"}],"y":"{{/steps/gone/x}} {{/run_id}}"}})",
       {R"(input.x[0].$: "/vlaue": must begin with /input, /value, /steps/<id> or /run_id)",
        R"(input.y: "/steps/gone/x": no step has the id gone)"}},
      {R"({"timeout_ms":"1h","sequence":[{"agent":""},{"paralel":[]}]})",
       {"timeout_ms: must be a whole number, is a text",
        R"(sequence[0].agent: "": a name must be 1 to 64 of A-Z a-z 0-9 _ -)",
        "sequence[1].paralel: unknown key, did you mean parallel?"}},
  }));
  CAPTURE(x.text);
  CHECK(bad(x.text) == x.errors);
}

TEST_CASE("a plan has an end in every direction", "[workflows]") {
  json deep = {{"agent", "a"}};
  for (int i = 0; i < 31; ++i) deep = json{{"sequence", json::array({deep})}};
  CHECK(bad(deep.dump()).empty());
  deep = json{{"sequence", json::array({deep})}};
  REQUIRE(bad(deep.dump()).size() == 1);
  CHECK(bad(deep.dump())[0].find("more than 32 steps in each other") != std::string::npos);
  json nested = 1;
  for (int i = 0; i < 300; ++i) nested = json::array({nested});
  CHECK(bad(json{{"agent", "a"}, {"input", nested}}.dump()) == lines{": is nested too deep"});
  auto many = json::array();
  for (int i = 0; i < 40; ++i) {
    auto inner = json::array();
    for (int j = 0; j < 30; ++j) inner.push_back({{"agent", "a"}});
    many.push_back({{"sequence", inner}});
  }
  REQUIRE(bad(json{{"sequence", many}}.dump()).size() == 1);
  CHECK(bad(json{{"sequence", many}}.dump())[0].find(": more than 1000 steps") != std::string::npos);
}

TEST_CASE("a plan in C++ is the plan in JSON", "[workflows]") {
  using namespace weir::flow;
  auto built = flow::plan(
      "w",
      sequence({
          agent("writer", {.id = "draft",
                           .input = json{{"text", "{{/value/text}}"}},
                           .timeout_ms = 5000,
                           .retries = 2,
                           .stream = true}),
          parallel({agent("a"), agent("b")}),
          parallel({agent("a"), agent("b")}, {.ends = parallel_options::until::any}, {.timeout_ms = 9}),
          parallel({agent("a"), agent("b")}, {.ends = parallel_options::until::quorum, .quorum = 2}),
          route({when(flow::all({less("/n", 3), negate(exists("/x"))}), agent("a")),
                 flow::otherwise(agent("b"))}),
          loop(sequence({agent("a")}), in_text(greater("/score", 7)), {.max = 3, .fails_at_max = true}),
          await("approve.*",
                {.where = flow::any({equals("/ok", true), not_equals("/no", 1)}),
                 .any_run = true,
                 .otherwise = agent("a")},
                {.timeout_ms = 7}),
          handoff({"a", "b"}, {.first = "b", .max = 2}),
          group_chat({"a", "b"}, {.turns = 4, .moderator = "m", .until = contains("/text", "DONE")}),
          fallback({agent("a"), agent("b")}),
          compensate({{agent("a"), agent("u")}, {agent("b")}}),
          flow::workflow("other"),
      }),
      {.timeout_ms = 1000, .kept = false});
  CHECK(flow::check(built).empty());
  CHECK(print_workflow(built) == json::parse(R"({"timeout_ms":1000,"kept":false,"sequence":[
    {"agent":"writer","id":"draft","input":{"text":"{{/value/text}}"},"timeout_ms":5000,"retries":2,"stream":true},
    {"parallel":[{"agent":"a"},{"agent":"b"}]},
    {"parallel":{"do":[{"agent":"a"},{"agent":"b"}],"until":"any","timeout_ms":9}},
    {"parallel":{"do":[{"agent":"a"},{"agent":"b"}],"until":{"quorum":2}}},
    {"route":[{"when":{"all":[{"path":"/n","less":3},{"not":{"path":"/x","exists":true}}]},"do":{"agent":"a"}},{"else":{"agent":"b"}}]},
    {"loop":{"do":[{"agent":"a"}],"until":{"path":"/score","greater":7,"in_text":true},"max":3,"on_max":"fail"}},
    {"await":{"on":"approve.*","where":{"any":[{"path":"/ok","equals":true},{"path":"/no","not_equals":1}]},"any_run":true,"timeout_ms":7,"otherwise":{"agent":"a"}}},
    {"handoff":{"among":["a","b"],"first":"b","max":2}},
    {"group_chat":{"agents":["a","b"],"turns":4,"next":{"agent":"m"},"until":{"path":"/text","contains":"DONE"}}},
    {"fallback":[{"agent":"a"},{"agent":"b"}]},
    {"compensate":[{"agent":"a","undo":{"agent":"u"}},{"agent":"b"}]},
    {"workflow":"other"}]})"));
  CHECK(targets_of(built) == std::set<std::string>{"a", "b", "m", "u", "writer"});
  CHECK(patterns_of(built) == std::set<std::string>{"approve.*"});
  CHECK(patterns_of_any_run(built) == std::set<std::string>{"approve.*"});
  CHECK(to_lines(flow::check(flow::plan("w", sequence({agent("")})))).size() == 1);
  auto shorter = flow::plan("w", agent("a", {.timeout_ms = 5}));
  CHECK(print_workflow(shorter)["timeout_ms"] == 5);
}

TEST_CASE("another workflow's steps take the place of its name", "[workflows]") {
  std::map<std::string, workflow> all;
  all["outer"] = good(R"({"sequence":[{"agent":"a"},{"workflow":"inner","id":"x"},
    {"compensate":[{"route":[{"else":{"workflow":"inner","timeout_ms":5}}],"undo":{"workflow":"inner"}}]}]})");
  all["inner"] = good(R"({"timeout_ms":700,"parallel":[{"agent":"b"},{"workflow":"last"}]})");
  all["last"] = good(R"({"agent":"c"})");
  CHECK(link_workflows(all).empty());
  CHECK(targets_of(all["outer"]) == std::set<std::string>{"a", "b", "c"});
  auto printed = print_workflow(all["outer"]);
  CHECK(printed["sequence"][1]
        == json::parse(R"({"id":"x","timeout_ms":700,"sequence":[{"parallel":[{"agent":"b"},
    {"timeout_ms":3600000,"sequence":[{"agent":"c"}]}]}]})"));
  CHECK(printed["sequence"][2]["compensate"][0]["route"][0]["else"]["timeout_ms"] == 5);
  CHECK(print_workflow(good(printed.dump())) == printed);
}

TEST_CASE("circles, unknown names and what grows too large are told where they are", "[workflows]") {
  std::map<std::string, workflow> all;
  all["a"] = good(R"({"sequence":[{"workflow":"b"}]})");
  all["b"] = good(R"({"loop":{"do":{"workflow":"a"},"until":{"path":"","exists":true}}})");
  all["c"] = good(R"({"fallback":[{"workflow":"gone"}]})");
  all["d"] = good(R"({"workflow":"d"})");
  CHECK(to_lines(link_workflows(all))
        == lines{"b.loop.do.workflow: goes in a circle: a -> b -> a",
                 R"(c.fallback[0].workflow: no workflow "gone")", "d.workflow: goes in a circle: d -> d"});

  std::map<std::string, workflow> growing;
  growing["w0"] = good(R"({"agent":"a"})");
  for (int i = 1; i <= 30; ++i) {
    json twice = {{"workflow", "w" + std::to_string(i - 1)}};
    growing["w" + std::to_string(i)] = good(json{{"sequence", {twice, twice}}}.dump());
  }
  auto wrong = to_lines(link_workflows(growing));
  REQUIRE(wrong.size() >= 1);
  CHECK(wrong[0].find("more than 1000 steps with those of the workflows that it names") != std::string::npos);
}
