#include "tests/runs/workflow/workflow_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

nlohmann::json parse(const std::string& text) { return nlohmann::json::parse(text); }

constexpr const char* three = R"({"sequence":[{"agent":"a"},{"agent":"b"},{"agent":"c"}]})";

} // namespace

TEST_CASE("a sequence gives each step what the one before it made", "[workflows]") {
  plan_run run{three};
  run.begin("1");
  CHECK(run.call("a").input == "1");
  CHECK(run.call("a").path == "sequence[0].agent");
  CHECK(run.call("a").step == 1);
  run.reply("a", "2");
  CHECK(run.call("b").input == "2");
  run.reply("b", "3", run_status::degraded).reply("c", "4");
  CHECK(run.end().status == run_status::degraded);
  CHECK(run.end().output == "4");
  CHECK(run.end().error.message == "sequence[1].agent: short of breath");
  CHECK(run.end().usage.output_tokens == 6);
  run.check_replay();
}

TEST_CASE("a failed step fails the run, with its path", "[workflows]") {
  plan_run run{three};
  run.begin().reply("a", "2").fail("b");
  CHECK(run.end().status == run_status::failed);
  CHECK(run.end().output == "null");
  CHECK(run.end().error.message == "sequence[1].agent: boom");
  run.check_replay();
}

TEST_CASE("a failed call is tried again as often as it may, each time under a new number", "[workflows]") {
  plan_run run{R"({"agent":"a","retries":2})"};
  run.begin("7").fail("a");
  CHECK(run.call("a").step == 2);
  CHECK(run.call("a").attempt == 2);
  CHECK(run.call("a").input == "7");
  run.fail("a");
  SECTION("the last one counts") {
    run.reply("a", "8");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("then it has failed") {
    run.fail("a");
    CHECK(run.end().error.message == "agent: boom");
  }
  run.check_replay();
}

TEST_CASE("a retry waits for as long as the refusal says, if there is time", "[workflows]") {
  plan_run run{R"({"agent":"a","retries":1,"timeout_ms":5000})"};
  run.begin();
  SECTION("time") {
    run.fail("a", code::too_many, 400);
    CHECK(run.calls.empty());
    CHECK(run.subject().next_deadline_ms() == plan_run::start_ms + 400);
    run.at(400);
    CHECK(run.call("a").timeout_ms == 4600);
    run.reply("a", "1");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("no time") {
    run.fail("a", code::too_many, 5000);
    CHECK(run.end().status == run_status::failed);
  }
  SECTION("cancelled meanwhile") {
    run.fail("a", code::too_many, 400).cancel();
    CHECK(run.end().status == run_status::cancelled);
  }
  run.check_replay();
}

TEST_CASE("only a run's own timeout is the root's", "[workflows]") {
  plan_run run{R"({"agent":"a","timeout_ms":5000,"stream":true})"};
  run.begin();
  CHECK(run.call("a").timeout_ms == 5000);
  CHECK(run.call("a").stream);
  CHECK(run.call("a").path == "agent");
}

TEST_CASE("parallel steps all get the value, and the output has their order", "[workflows]") {
  plan_run run{R"({"parallel":[{"agent":"a"},{"agent":"b"},{"agent":"c"}]})"};
  run.begin("7");
  CHECK(run.calls.size() == 3);
  CHECK(run.input_of("c") == "7");
  CHECK(run.call("c").path == "parallel[2].agent");
  run.reply("c", "3").reply("a", "1");
  SECTION("all succeed") {
    run.reply("b", "2", run_status::partial);
    CHECK(run.end().output == "[1,2,3]");
    CHECK(run.end().status == run_status::partial);
  }
  SECTION("one fails") {
    run.fail("b");
    CHECK(run.end().status == run_status::failed);
    CHECK(run.end().error.message == "parallel[1].agent: boom");
  }
  run.check_replay();
}

TEST_CASE("the first failure of parallel steps stops the others", "[workflows]") {
  plan_run run{R"({"parallel":[{"agent":"a"},{"sequence":[{"agent":"b"}]}]})"};
  run.begin().fail("a");
  CHECK(run.done.back()[0] == "stop call 2");
  CHECK(run.end().error.message == "parallel[0].agent: boom");
  run.check_replay();
}

TEST_CASE("any takes the first success and stops the rest", "[workflows]") {
  plan_run run{R"({"parallel":{"do":[{"agent":"a"},{"agent":"b"},{"agent":"c"}],"until":"any"}})"};
  run.begin().fail("a");
  SECTION("one succeeds") {
    run.reply("c", "3");
    CHECK(run.end().output == "3");
    CHECK(run.end().status == run_status::complete);
    CHECK(run.done.back()[0] == "stop call 2");
  }
  SECTION("none does") {
    run.fail("c").fail("b");
    CHECK(run.end().error.message == "parallel.do[1].agent: boom");
  }
  run.check_replay();
}

TEST_CASE("a quorum ends with enough, and fails when enough is impossible", "[workflows]") {
  plan_run run{R"({"parallel":{"do":[{"agent":"a"},{"agent":"b"},{"agent":"c"}],"until":{"quorum":2}}})"};
  run.begin().reply("c", "3");
  SECTION("enough") {
    run.reply("b", "2");
    CHECK(run.end().output == "[null,2,3]");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("impossible") {
    run.fail("a");
    CHECK_FALSE(run.result);
    run.fail("b");
    CHECK(run.end().status == run_status::failed);
  }
  run.check_replay();
}

TEST_CASE("at a parallel's deadline counts what is there", "[workflows]") {
  plan_run run{
      R"({"sequence":[{"parallel":{"do":[{"agent":"a"},{"agent":"b"}],"timeout_ms":1000}},{"agent":"z"}]})"};
  run.begin();
  CHECK(run.call("a").timeout_ms == 1000);
  SECTION("something is") {
    run.reply("a", "1").at(1000);
    CHECK(run.input_of("z") == "[1,null]");
    run.reply("z", "9");
    CHECK(run.end().status == run_status::partial);
    CHECK(run.end().error.reason == "deadline");
  }
  SECTION("the call's own deadline comes a little earlier") {
    run.reply("a", "1");
    run.at(950).fail("b", code::deadline);
    CHECK(run.input_of("z") == "[1,null]");
  }
  SECTION("nothing is") {
    run.at(1000);
    CHECK(run.end().error.status == code::deadline);
    CHECK(run.end().error.message == "sequence[0].parallel: its time is over");
  }
  run.check_replay();
}

TEST_CASE("a run's own deadline fails it, unless its root is a parallel that has something", "[workflows]") {
  SECTION("fails") {
    plan_run run{R"({"timeout_ms":500,"sequence":[{"agent":"a"},{"await":{"on":"x"}}]})"};
    run.begin().reply("a", "1").at(499);
    CHECK_FALSE(run.result);
    run.at(500);
    CHECK(run.end().status == run_status::failed);
    CHECK(run.end().error.status == code::deadline);
    CHECK(run.end().error.message == "sequence[1].await: the run's time is over");
    run.check_replay();
  }
  SECTION("partial") {
    plan_run run{R"({"timeout_ms":500,"parallel":[{"agent":"a"},{"agent":"b"}]})"};
    run.begin().reply("b", "1").at(500);
    CHECK(run.end().status == run_status::partial);
    CHECK(run.end().output == "[null,1]");
    run.check_replay();
  }
}

TEST_CASE("a step's deadline covers all that is in it; what an agent has at its deadline still counts",
          "[workflows]") {
  plan_run run{
      R"({"fallback":[{"sequence":[{"agent":"a","timeout_ms":400},{"agent":"b"}],"timeout_ms":1000},{"agent":"z"}]})"};
  run.begin();
  CHECK(run.call("a").timeout_ms == 400);
  SECTION("its answer") {
    run.at(410).reply("a", "1", run_status::partial);
    CHECK(run.call("b").timeout_ms == 590);
    run.at(1000);
    CHECK(run.calls_any("z"));
    run.reply("z", "2");
    CHECK(run.end().status == run_status::degraded);
    CHECK(run.end().error.message == "fallback[0].sequence: its time is over");
  }
  SECTION("no answer") {
    run.at(650);
    CHECK(run.calls_any("z"));
    CHECK_FALSE(run.calls_any("a"));
  }
  run.check_replay();
}

TEST_CASE("a deadline comes before what comes after it", "[workflows]") {
  plan_run run{
      R"({"timeout_ms":500,"sequence":[{"await":{"on":"x","timeout_ms":100,"otherwise":{"agent":"a"}}},{"agent":"b"}]})"};
  run.begin();
  SECTION("an event that is late") {
    // Not told that time has passed: the record's time says so.
    auto late = plan_run::start_ms + 200;
    auto got =
        run.subject().apply({late, workflow_machine::event_came{1, "x", "ann", R"({"run_id":"c/1"})"}});
    REQUIRE(got.size() == 2);
    CHECK(to_text(got[0]) == "stop wait 1");
    CHECK(to_text(got[1]).substr(0, 41) == "call 2 sequence[0].await.otherwise.agent ");
  }
  SECTION("the outer one first") {
    run.at(9000);
    CHECK(run.done.back().size() == 2); // nothing is begun for being stopped at once
    CHECK(run.end().error.status == code::deadline);
    run.check_replay();
  }
}

TEST_CASE("a route takes the first way that is for the value", "[workflows]") {
  plan_run run{R"({"route":[{"when":{"path":"/n","less":5},"do":{"agent":"few"}},
                            {"when":{"path":"/n","less":9},"do":{"agent":"more"}}]})"};
  SECTION("the second") {
    run.begin(R"({"n":7})");
    CHECK(run.call("more").path == "route[1].do.agent");
    run.reply("more", "1");
    CHECK(run.end().output == "1");
  }
  SECTION("none") {
    run.begin(R"({"n":9})");
    CHECK(run.end().error.status == code::conflict);
    CHECK(run.end().error.reason == "no_route");
  }
  SECTION("no JSON at all") {
    run.begin("{");
    CHECK(run.end().error.reason == "unreadable");
  }
  run.check_replay();
}

TEST_CASE("a loop runs at least once, until its condition holds or it has run often enough", "[workflows]") {
  auto text =
      std::string{R"({"loop":{"do":[{"agent":"a"}],"until":{"path":"/n","equals":2},"max":2,"on_max":)"};
  SECTION("the condition") {
    plan_run run{(text + R"("fail"}})").c_str()};
    run.begin(R"({"n":2})");
    CHECK(run.call("a").path == "loop.do[0].agent");
    run.reply("a", R"({"n":2})");
    CHECK(run.end().output == R"({"n":2})");
    run.check_replay();
  }
  SECTION("often enough") {
    plan_run run{(text + R"("continue"}})").c_str()};
    run.begin().reply("a", R"({"n":1})");
    CHECK(run.input_of("a") == R"({"n":1})");
    run.reply("a", R"({"n":3})");
    CHECK(run.end().output == R"({"n":3})");
    run.check_replay();
  }
  SECTION("too often") {
    plan_run run{(text + R"("fail"}})").c_str()};
    run.begin().reply("a", "1").reply("a", "1");
    CHECK(run.end().error.reason == "too_many_rounds");
    run.check_replay();
  }
}

TEST_CASE("a fallback asks the next when one fails, and is degraded then", "[workflows]") {
  plan_run run{R"({"fallback":[{"agent":"a"},{"agent":"b"}]})"};
  run.begin("7");
  SECTION("the first succeeds") {
    run.reply("a", "1");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("the second") {
    run.fail("a");
    CHECK(run.input_of("b") == "7");
    run.reply("b", "2");
    CHECK(run.end().status == run_status::degraded);
    CHECK(run.end().error.message == "fallback[0].agent: boom");
  }
  SECTION("none") {
    run.fail("a").fail("b");
    CHECK(run.end().error.message == "fallback[1].agent: boom");
  }
  run.check_replay();
}

TEST_CASE("a mistake of the author's is not tried again, and nothing hides it", "[workflows]") {
  for (auto* plan : {R"({"fallback":[{"agent":"a"},{"agent":"b"}]})",
                     R"({"parallel":{"do":[{"agent":"a"},{"agent":"b"}],"until":"any"}})",
                     R"({"agent":"a","retries":3})"}) {
    INFO(plan);
    plan_run run{plan};
    run.begin("7");
    SECTION("a request that is malformed") {
      run.fail("a", code::bad_request);
      CHECK(run.end().status == run_status::failed);
      CHECK(run.end().error.status == code::bad_request);
      run.check_replay();
    }
  }
}

TEST_CASE("a condition that cannot be read fails its step", "[workflows]") {
  SECTION("of a route") {
    plan_run run{R"({"route":[{"when":{"path":"/ok","equals":true,"in_text":true},"do":{"agent":"yes"}},
                              {"else":{"agent":"no"}}]})"};
    SECTION("prose") {
      run.begin(R"({"text":"It is fine."})");
      CHECK(run.end().error.reason == "unreadable");
      CHECK(run.end().error.status == code::conflict);
    }
    SECTION("JSON in a fence is read") {
      run.begin(R"({"text":"```json\n{\"ok\": true}\n```"})");
      CHECK(run.calls_any("yes"));
    }
  }
  SECTION("of a loop") {
    plan_run run{
        R"({"loop":{"do":{"agent":"a"},"until":{"path":"/ok","equals":true,"in_text":true},"max":3}})"};
    run.begin().reply("a", R"({"text":"I approve."})");
    CHECK(run.end().error.reason == "unreadable");
    CHECK(run.end().error.message.find("loop: the condition cannot be asked") == 0);
  }
  SECTION("but in a group chat it is only not the end yet") {
    plan_run run{R"({"group_chat":{"agents":["a","b"],"turns":2,
                     "until":{"path":"/ok","equals":true,"in_text":true}}})"};
    run.begin().reply("a", R"({"text":"A thought."})").reply("b", R"({"text":"{\"ok\":true}"})");
    CHECK(run.end().status == run_status::complete);
  }
}

TEST_CASE("who is named in markup, or in another case, has the turn", "[workflows]") {
  SECTION("by a moderator") {
    plan_run run{R"({"group_chat":{"agents":["writer","critic"],"next":{"agent":"m"},"turns":4}})"};
    run.begin().reply("m", R"({"text":"The writer should go on.\n\n**Next:** Writer"})");
    CHECK(run.calls_any("writer"));
    run.reply("writer", R"({"text":"So be it."})").reply("m", R"({"text":"NEXT: **Done**"})");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("by a hand-off, whose line is not passed on") {
    plan_run run{R"({"handoff":{"among":["triage","billing"]}})"};
    run.begin(R"({"text":"My invoice"})")
        .reply("triage", R"({"text":"An invoice.\n\nHandoff: **billing**"})");
    CHECK(nlohmann::json::parse(run.input_of("billing")).at("note") == "An invoice.");
  }
}

TEST_CASE("cancel stops whatever is open, at any depth", "[workflows]") {
  plan_run run{
      R"({"sequence":[{"parallel":[{"loop":{"do":{"route":[{"else":{"agent":"a"}}]},"until":{"path":"","exists":true}}},
      {"await":{"on":"x"}},{"fallback":[{"handoff":{"among":["h"]}}]},{"group_chat":{"agents":["g"]}},
      {"compensate":[{"agent":"k"}]}]}]})"};
  run.begin();
  CHECK(run.calls.size() == 4);
  CHECK(run.waits.size() == 1);
  CHECK(run.call("a").path == "sequence[0].parallel[0].loop.do.route[0].else.agent");
  run.cancel();
  CHECK(run.end().status == run_status::cancelled);
  CHECK(run.end().error.status == code::cancelled);
  CHECK(run.end().error.message == "enough");
  run.check_replay();
}

TEST_CASE("what comes late, twice or before the begin changes nothing", "[workflows]") {
  plan_run run{three};
  run.begin();
  run.apply(workflow_machine::begun{"again"});
  CHECK(run.done.back().empty());
  auto first = run.step_of("a");
  run.reply("a", "2");
  run.apply(workflow_machine::call_ended{first, {run_status::complete, "9", {}, {5, 5}}});
  CHECK(run.done.back().empty());
  run.apply(workflow_machine::call_ended{99, {}});
  run.apply(workflow_machine::call_ended{0, {}});
  run.apply(workflow_machine::time_passed{});
  CHECK(run.calls.size() == 1);
  run.reply("b", "3").reply("c", "4");
  CHECK(run.end().usage.input_tokens == 3);
  run.cancel();
  CHECK(run.done.back().empty());
  CHECK_FALSE(run.subject().next_deadline_ms());

  plan_run early{three};
  early.cancel();
  CHECK(early.end().status == run_status::cancelled);
}

TEST_CASE("bounds fail the step that would go over them, by name", "[workflows]") {
  SECTION("steps") {
    plan_run run{R"({"loop":{"do":{"agent":"a"},"until":{"path":"/no","exists":true},"max":9}})",
                 {3, 1000, 32, 64}};
    run.begin();
    for (int i = 0; i < 3; ++i) run.reply("a", "1");
    CHECK(run.end().error.status == code::too_large);
    CHECK(run.end().error.reason == "too_many_steps");
    CHECK(run.end().error.message.substr(0, 15) == "loop.do.agent: ");
  }
  SECTION("steps without a call") {
    plan_run run{
        R"({"loop":{"do":{"loop":{"do":{"fallback":[{"route":[{"when":{"path":"/no","exists":true},"do":{"agent":"a"}}]},
        {"await":{"on":"x"}}]},"until":{"path":"/no","exists":true},"max":1000}},"until":{"path":"/no","exists":true},"max":1000}})",
        {2, 1000, 32, 64}};
    for (std::uint64_t i = 1; i <= 16; ++i) run.event(i, "x");
    run.begin();
    CHECK(run.end().error.reason == "too_many_steps");
  }
  SECTION("a value") {
    plan_run run{three, {1000, 10, 32, 64}};
    run.begin("1").reply("a", "12345678901");
    CHECK(run.end().error.reason == "too_large");
    CHECK(run.end().error.message.substr(0, 19) == "sequence[0].agent: ");
  }
  SECTION("the input") {
    plan_run run{three, {1000, 10, 32, 64}};
    run.begin("12345678901");
    CHECK(run.end().error.reason == "too_large");
  }
  SECTION("values together") {
    plan_run run{R"({"parallel":[{"agent":"a"},{"agent":"b"}]})", {1000, 10, 32, 64}};
    run.begin("1").reply("a", "123456").reply("b", "12345");
    CHECK(run.end().error.reason == "too_large");
  }
  SECTION("a list of values") {
    plan_run run{R"({"parallel":[{"agent":"a"},{"agent":"b"}]})", {1000, 10, 32, 64}};
    run.begin("1").reply("a", "12345").reply("b", "12345");
    CHECK(run.end().error.reason == "too_large");
    CHECK(run.end().error.message.substr(0, 10) == "parallel: ");
  }
  SECTION("what is remembered") {
    plan_run run{
        R"({"loop":{"do":[{"agent":"a","id":"x"},{"agent":"b","id":"y"},{"agent":"a","id":"z"}],"until":{"path":"/no","exists":true}}})",
        {1000, 10, 32, 64}};
    run.begin("1");
    for (int i = 0; i < 3; ++i)
      run.reply("a", "1234567890").reply("b", "1234567890").reply("a", "1234567890");
    CHECK_FALSE(run.result); // the same ids again take the place of what they had
    plan_run more{
        R"({"sequence":[{"agent":"a","id":"v"},{"agent":"a","id":"w"},{"agent":"a","id":"x"},{"agent":"a","id":"y"},{"agent":"a","id":"z"}]})",
        {1000, 10, 32, 64}};
    more.begin("1");
    for (int i = 0; i < 5; ++i) more.reply("a", "1234567890");
    CHECK(more.end().error.reason == "too_large");
  }
  SECTION("depth") {
    plan_run run{R"({"sequence":[{"sequence":[{"sequence":[{"agent":"a"}]}]}]})", {1000, 1000, 3, 64}};
    run.begin();
    CHECK(run.end().error.reason == "too_deep");
    CHECK(run.end().error.message.substr(0, 48) == "sequence[0].sequence[0].sequence[0].agent: more ");
  }
  SECTION("calls in flight") {
    plan_run run{R"({"parallel":{"do":[{"agent":"a"},{"agent":"b"},{"agent":"c"}],"until":"any"}})",
                 {1000, 1000, 32, 2}};
    run.begin();
    CHECK(run.calls.size() == 2);
    CHECK_FALSE(run.result);
    run.fail("a").fail("b");
    CHECK(run.end().status == run_status::failed);
  }
}

TEST_CASE("inputs are made from templates of what is known", "[workflows]") {
  plan_run run{R"({"sequence":[{"agent":"a","id":"first"},
      {"agent":"b","input":{"run":{"$":"/run_id"},"was":[{"$":"/input/text"},{"$":"/steps/first/n"}],"now":"{{/value/n}} of {{/input}}{{/value/gone}}","none":{"$":"/value/gone"}}},
      {"agent":"c","input":{"$":"/steps/first"}}]})"};
  run.begin(R"({"text":"hi"})").reply("a", R"({"n":1})");
  CHECK(parse(run.input_of("b"))
        == parse(R"({"run":"c/1","was":["hi",1],"now":"1 of {\"text\":\"hi\"}","none":null})"));
  run.reply("b", "2");
  CHECK(run.input_of("c") == R"({"n":1})");
  run.check_replay();
}

TEST_CASE("records come back from their text as they were", "[workflows]") {
  using machine = workflow_machine;
  machine::outcome what{
      run_status::partial, " {\"a\" :1} ", {code::too_many, "r", "m", 5, "model", 1, 2}, {3, 4}};
  for (auto& x : std::vector<machine::record>{{1, machine::begun{"[1, 2]"}},
                                              {2, machine::call_ended{7, what}},
                                              {3, machine::event_came{9, "a.b", "c", "{}"}},
                                              {4, machine::time_passed{}},
                                              {-5, machine::cancelled{"\"why\"\n"}}}) {
    auto text = machine::encode(x);
    CHECK(text.find('\n') == std::string::npos);
    auto read = machine::decode(text);
    REQUIRE(std::holds_alternative<machine::record>(read));
    CHECK(machine::encode(std::get<machine::record>(read)) == text);
  }
  auto read = machine::decode(machine::encode({2, machine::call_ended{7, what}}));
  auto& ended = std::get<machine::call_ended>(std::get<machine::record>(read).what);
  CHECK(ended.what.output == " {\"a\" :1} ");
  CHECK(ended.what.error.scope == "model");
  for (auto* text : {"", "{", "{}", "7", R"({"at_ms":1})", R"({"at_ms":1,"ended":{"step":1}})",
                     R"({"at_ms":1,"ended":{"step":1,"status":9,"output":"1","usage":[0,0]}})"})
    CHECK(std::holds_alternative<refusal>(machine::decode(text)));
}
