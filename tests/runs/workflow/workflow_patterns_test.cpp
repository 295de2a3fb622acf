// The patterns with a conversation of their own: await, handoff, group_chat, compensate.

#include "tests/runs/workflow/workflow_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace weir;
using namespace weir::test;

namespace {

nlohmann::json parse(const std::string& text) { return nlohmann::json::parse(text); }

} // namespace

TEST_CASE("an await takes the first event of its pattern for its run", "[workflows]") {
  plan_run run{
      R"({"sequence":[{"await":{"on":"approve.*","where":{"path":"/ok","equals":true}}},{"agent":"a"}]})"};
  run.begin();
  REQUIRE(run.waits.size() == 1);
  CHECK(run.waits[1].path == "sequence[0].await");
  CHECK(run.subject().open()[0].what == "approve.*");
  CHECK(run.subject().open()[0].waits);
  run.event(1, "other.x", R"({"run_id":"c/1","ok":true})");
  run.event(2, "approve.x", R"({"run_id":"c/2","ok":true})");
  run.event(3, "approve.x", R"({"ok":true})");
  run.event(4, "approve.x", R"({"run_id":"c/1","ok":false})");
  run.event(5, "approve.x", R"(["run_id)");
  CHECK(run.waits.size() == 1);
  run.event(6, "approve.x", R"({"run_id":"c/1","ok":true})");
  CHECK(run.done.back()[0] == "stop wait 1");
  CHECK(parse(run.input_of("a"))
        == parse(R"({"type":"approve.x","client_id":"ann","data":{"run_id":"c/1","ok":true}})"));
  run.check_replay();
}

TEST_CASE("an event of any run is taken if the await says so", "[workflows]") {
  plan_run run{R"({"await":{"on":"news.>","any_run":true}})"};
  run.begin().event(1, "news.today", "");
  CHECK(parse(run.end().output)["data"] == nullptr);
  run.check_replay();
}

TEST_CASE("an event is for one await, and for the one that began first", "[workflows]") {
  plan_run run{R"({"parallel":[{"await":{"on":"x"}},{"await":{"on":"x"}}]})"};
  run.begin().event(1, "x").event(1, "x");
  CHECK(run.waits.size() == 1);
  CHECK(run.waits.count(2) == 1);
  run.event(2, "x");
  CHECK(run.end().status == run_status::complete);
  run.check_replay();
}

TEST_CASE("events that come before they are awaited are held, the oldest dropped above sixteen",
          "[workflows]") {
  plan_run run{R"({"sequence":[{"agent":"a"},{"await":{"on":"x"}},{"agent":"b"},{"await":{"on":"x"}}]})"};
  run.begin();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    run.event(2 * i, "y"); // of no await: not held
    run.event(2 * i + 1, "x", R"({"run_id":"c/1","n":)" + std::to_string(i) + "}");
  }
  CHECK(run.subject().dropped_events() == 4);
  run.reply("a", "1");
  CHECK(run.waits.empty()); // it need not wait
  CHECK(parse(run.input_of("b"))["data"]["n"] == 5);
  run.reply("b", "1");
  CHECK(parse(run.end().output)["data"]["n"] == 6);
  run.check_replay();
}

TEST_CASE("of many events the numbers of the newest are remembered, and all before them count as seen",
          "[workflows]") {
  plan_run run{R"({"sequence":[{"await":{"on":"x"}},{"await":{"on":"x"}},{"await":{"on":"x"}}]})"};
  run.begin();
  for (std::uint64_t i = 101; i <= 200; ++i) run.event(i, "y");
  run.event(200, "x").event(137, "x").event(1, "x");
  CHECK(run.waits.size() == 1);
  CHECK(run.waits.count(1) == 1);
  run.event(201, "x").event(202, "x").event(203, "x");
  CHECK(run.end().status == run_status::complete);
  run.check_replay();
}

TEST_CASE("at an await's deadline its other step runs, or it fails", "[workflows]") {
  plan_run run{R"({"sequence":[{"await":{"on":"x","timeout_ms":100,"otherwise":{"agent":"o"}}},
                               {"await":{"on":"x","timeout_ms":100}}]})"};
  run.begin("7").at(100);
  CHECK(run.done.back()[0] == "stop wait 1");
  CHECK(run.input_of("o") == "7");
  CHECK(run.call("o").timeout_ms == 3'599'900);
  run.event(1, "x"); // for the next
  run.reply("o", "1");
  CHECK(run.end().status == run_status::complete);
  run.check_replay();

  plan_run late{R"({"sequence":[{"await":{"on":"x","timeout_ms":100}}]})"};
  late.begin().at(100);
  CHECK(late.end().error.message == "sequence[0].await: its time is over");
  late.check_replay();
}

TEST_CASE("a handoff goes to whom each one names, until one names nobody", "[workflows]") {
  plan_run run{R"({"handoff":{"among":["a","b","c"],"first":"b","max":2}})"};
  run.begin(R"({"text":"my router is broken"})");
  CHECK(run.input_of("b") == R"({"text":"my router is broken"})");
  CHECK(run.call("b").path == "handoff");
  run.reply("b", R"({"handoff":"a","note":"not mine"})");
  CHECK(parse(run.input_of("a"))
        == parse(R"({"text":"my router is broken\n\nb: not mine","from":"b","note":"not mine",
                     "input":{"text":"my router is broken"}})"));
  run.reply("a", R"({"handoff":"c"})");
  SECTION("nobody") {
    run.reply("c", R"({"text":"done","handoff":"c"})");
    CHECK(run.end().output == R"({"text":"done","handoff":"c"})");
    CHECK(run.end().status == run_status::complete);
  }
  SECTION("too often") {
    run.reply("c", R"({"handoff":"b"})");
    CHECK(run.end().error.reason == "too_many_handoffs");
  }
  SECTION("somebody else") {
    run.reply("c", R"({"handoff":"zoe"})");
    CHECK(run.end().error.reason == "no_such_agent");
  }
  SECTION("a failure") {
    run.fail("c");
    CHECK(run.end().error.message == "handoff: c: boom");
  }
  run.check_replay();
}

TEST_CASE("a handoff can be in a model's text, as an object or as its last line", "[workflows]") {
  auto [answer, note] = GENERATE(table<std::string, std::string>({
      {R"({"text":" {\"handoff\":\"a\",\"note\":\"n\"}"})", "n"},
      {R"({"text":"I cannot.\nHANDOFF: a\n"})", "I cannot."},
  }));
  plan_run run{R"({"handoff":{"among":["b","a"]}})"};
  run.begin().reply("b", answer);
  CHECK(parse(run.input_of("a"))["note"] == note);
  run.reply("a", answer); // to itself: to nobody
  CHECK(run.end().output == answer);
  run.check_replay();
}

TEST_CASE("a group chat goes round, each with all that was said", "[workflows]") {
  plan_run run{
      R"({"group_chat":{"agents":["ann","bob"],"turns":3,"until":{"path":"/text","contains":"DONE"}}})"};
  run.begin(R"({"text":"topic"})");
  CHECK(parse(run.input_of("ann"))
        == parse(R"({"text":"user: topic","transcript":[{"agent":"user","text":"topic"}]})"));
  run.reply("ann", R"({"text":"one"})");
  CHECK(parse(run.input_of("bob"))["text"] == "user: topic\nann: one");
  SECTION("to its end") {
    run.reply("bob", R"({"text":"two"})").reply("ann", R"({"text":"three"})");
    auto out = parse(run.end().output);
    CHECK(out["text"] == "three");
    CHECK(out["transcript"].size() == 4);
    CHECK(out["transcript"][2] == parse(R"({"agent":"bob","text":"two"})"));
  }
  SECTION("until it is done") {
    run.reply("bob", R"({"text":"DONE"})");
    CHECK(parse(run.end().output)["text"] == "DONE");
  }
  SECTION("a failure") {
    run.fail("bob");
    CHECK(run.end().error.message == "group_chat: bob: boom");
  }
  run.check_replay();
}

TEST_CASE("a moderator says who is next, and when it is over", "[workflows]") {
  plan_run run{R"({"group_chat":{"agents":["ann","bob"],"turns":2,"next":{"agent":"mod"}}})"};
  run.begin(R"("topic")");
  CHECK(parse(run.input_of("mod"))["agents"] == parse(R"(["ann","bob"])"));
  run.reply("mod", R"({"text":"NEXT: bob"})").reply("bob", R"({"text":"one"})");
  CHECK(parse(run.input_of("mod"))["text"] == "user: topic\nbob: one");
  SECTION("done") { run.reply("mod", R"({"next":"done"})"); }
  SECTION("all turns") { run.reply("mod", R"({"next":"ann"})").reply("ann", R"({"text":"one"})"); }
  SECTION("somebody else") {
    run.reply("mod", R"({"text":"I do not know"})");
    CHECK(run.end().error.reason == "no_such_agent");
    return;
  }
  CHECK(parse(run.end().output)["text"] == "one");
  run.check_replay();
}

TEST_CASE("of a long chat the newest hundred turns and 64 KiB are shown", "[workflows]") {
  plan_run run{R"({"group_chat":{"agents":["a"],"turns":300}})"};
  run.begin(R"("topic")");
  for (int i = 0; i < 150; ++i) run.reply("a", R"({"text":")" + std::to_string(i) + R"("})");
  auto shown = parse(run.input_of("a"));
  CHECK(shown["transcript"].size() == 100);
  CHECK(shown["transcript"][0]["text"] == "50");
  CHECK(shown["dropped"] == 51);
  for (int i = 0; i < 3; ++i) run.reply("a", R"({"text":")" + std::string(30'000, 'x') + R"("})");
  CHECK(parse(run.input_of("a"))["transcript"].size() == 2);
  run.reply("a", R"({"text":")" + std::string(90'000, 'x') + R"("})");
  CHECK(parse(run.input_of("a"))["transcript"].size() == 1);
}

TEST_CASE("a saga that does not come to its end is undone, newest first, with each step's output",
          "[workflows]") {
  auto how = GENERATE(as<std::string>{}, "it succeeds", "it fails", "it is cancelled", "its time is over");
  CAPTURE(how);
  plan_run run{R"({"fallback":[{"compensate":[{"agent":"a","undo":{"agent":"ua"}},{"agent":"b"},
      {"agent":"c","undo":{"agent":"uc","timeout_ms":70}},{"agent":"d","undo":{"agent":"ud"}}]}]})"};
  run.begin("0").reply("a", "1").reply("b", "2").reply("c", "3");
  if (how == "it succeeds") {
    run.reply("d", "4");
    CHECK(run.end().output == "4");
    CHECK(run.end().status == run_status::complete);
    return run.check_replay();
  }
  if (how == "it fails") run.fail("d");
  if (how == "it is cancelled") run.cancel();
  if (how == "its time is over") run.at(3'600'000);
  auto began_ms = run.now_ms() - plan_run::start_ms;
  CHECK(run.calls.size() == 1);
  CHECK(run.input_of("uc") == "3");
  CHECK(run.call("uc").path == "fallback[0].compensate[2].undo.agent");
  CHECK(run.call("uc").timeout_ms == 70);
  run.at(began_ms + 70 + 250);
  CHECK(run.input_of("ua") == "1");
  CHECK(run.call("ua").timeout_ms == 30'000);
  run.cancel(); // does not hold up what is undone
  CHECK(run.done.back().empty());
  run.reply("ua", "0");
  auto& message = run.end().error.message;
  CAPTURE(message);
  CHECK(message.find("; not undone: fallback[0].compensate[2].undo.agent: its time is over")
        != std::string::npos);
  CHECK(message.find("compensate[0].undo") == std::string::npos);
  // Who cancels while it is undone is told so; a deadline comes before that.
  CHECK(run.end().status == (how == "its time is over" ? run_status::failed : run_status::cancelled));
  run.check_replay();
}

TEST_CASE("what fails within a saga keeps its error, and a saga in a saga is undone with it", "[workflows]") {
  plan_run run{R"({"compensate":[{"agent":"a","undo":{"agent":"ua"}},
      {"compensate":[{"agent":"b","undo":{"agent":"ub"}},{"agent":"c"}]}]})"};
  run.begin().reply("a", "1").reply("b", "2").fail("c");
  CHECK(run.calls_any("ub"));
  CHECK_FALSE(run.calls_any("ua"));
  run.reply("ub", "0").reply("ua", "0");
  CHECK(run.end().status == run_status::failed);
  CHECK(run.end().error.message == "compensate[1].compensate[1].agent: boom");
  run.check_replay();
}

TEST_CASE("the loser of a race is undone before the winner is told, and no failed undo is hidden",
          "[workflows]") {
  plan_run run{
      R"({"parallel":{"do":[{"agent":"fast"},{"compensate":[{"agent":"a","undo":{"agent":"ua"}},{"agent":"b"}]}],"until":"any"}})"};
  run.begin().reply("a", "1").reply("fast", "9");
  CHECK_FALSE(run.result);
  CHECK(run.calls.size() == 1);
  SECTION("undone") {
    run.reply("ua", "0");
    CHECK(run.end().status == run_status::complete);
    CHECK(run.end().output == "9");
  }
  SECTION("not undone") {
    run.fail("ua");
    CHECK(run.end().status == run_status::degraded);
    CHECK(run.end().error.reason == "undo_failed");
    CHECK(run.end().output == "9");
  }
  run.check_replay();
}

TEST_CASE("a run that has used up its steps still undoes them", "[workflows]") {
  plan_run run{
      R"({"compensate":[{"agent":"a","undo":{"agent":"ua"}},{"agent":"b","undo":{"agent":"ub"}},{"agent":"c"}]})",
      {2, 1000, 32, 1}};
  run.begin().reply("a", "1").reply("b", "2");
  run.reply("ub", "0").reply("ua", "0");
  CHECK(run.end().error.reason == "too_many_steps");
  run.check_replay();
}

TEST_CASE("a saga holds no more outputs than it may", "[workflows]") {
  plan_run run{
      R"({"loop":{"do":{"compensate":[{"agent":"a","undo":{"agent":"u"}},{"agent":"a"},{"agent":"a"},{"agent":"a"},{"agent":"a"},{"agent":"a"}]},
      "until":{"path":"","exists":true}}})",
      {1000, 10, 32, 64}};
  run.begin("1");
  for (int i = 0; i < 5; ++i) run.reply("a", "1234567890");
  run.reply("u", "0");
  CHECK(run.end().error.reason == "too_large");
}
