#include "actors/calls/tool_loop.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <set>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const tool_loop::time_point t0{1h};
const refusal broken{code::unavailable, "unavailable", "broken", 0, {}, 0, 0};

const tool_spec depth{"depth", "How deep.",
                      R"({"type":"object","required":["at"],"properties":{"at":{"type":"string"}}})"};
const tool_spec clock_tool{"clock", "What time.", R"({"type":"object"})"};

tool_loop loop_of(tool_loop::bounds limits = {}, std::int64_t timeout_ms = 1000) {
  return {{{"user", "How deep?"}}, {depth, clock_tool}, timeout_ms, limits};
}

tool_call call(std::string id, std::string name = "depth", std::string arguments = R"({"at":"weir"})") {
  return {std::move(id), std::move(name), std::move(arguments)};
}

/// What a model call comes to.
call_outcome said(std::string text, std::vector<tool_call> calls = {}) {
  call_outcome out;
  out.status = run_status::complete;
  out.text = std::move(text);
  out.tool_calls = std::move(calls);
  out.attempts = 1;
  out.usage = {10, 2};
  return out;
}

const tool_loop::ask& ask(const tool_loop::action& x) {
  REQUIRE(std::holds_alternative<tool_loop::ask>(x));
  return std::get<tool_loop::ask>(x);
}

const std::vector<tool_request>& start(const tool_loop::action& x) {
  REQUIRE(std::holds_alternative<tool_loop::start>(x));
  return std::get<tool_loop::start>(x).calls;
}

bool waits(const tool_loop::action& x) { return std::holds_alternative<tool_loop::wait>(x); }
bool finished(const tool_loop::action& x) { return std::holds_alternative<tool_loop::finish>(x); }

std::string error_in(const chat_message& x) { return nlohmann::json::parse(x.content).at("error"); }

} // namespace

TEST_CASE("a chat whose model calls nothing is one model call", "[tools]") {
  auto loop = loop_of();
  auto first = loop.begin(t0);
  CHECK(ask(first).tools.size() == 2);
  CHECK(ask(first).timeout_ms == 1000);
  auto got = said("Three metres.");
  got.parts = {{"m", 0, 13}};
  got.first_piece_ms = 20;
  CHECK(finished(loop.on_model(got, t0 + 50ms)));
  CHECK(loop.outcome().status == run_status::complete);
  CHECK(loop.outcome().text == "Three metres.");
  CHECK(loop.outcome().first_piece_ms == 20);
  CHECK(loop.outcome().elapsed_ms == 50);
  CHECK(loop.outcome().parts.at(0).to == 13);
}

TEST_CASE("the model is shown its calls and their results in its own order", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  auto next = loop.on_model(said("Let me see. ", {call("a"), call("b", "clock", "")}), t0 + 10ms);
  REQUIRE(start(next).size() == 2);
  CHECK(start(next)[0].number == 1);
  CHECK(start(next)[1].number == 2);
  CHECK(start(next)[1].what.arguments == "{}"); // some servers say nothing for it
  CHECK(waits(loop.on_result(2, {"noon", false}, t0 + 20ms)));
  next = loop.on_result(1, {"3 m", false}, t0 + 30ms);
  auto& asked = ask(next).messages;
  REQUIRE(asked.size() == 4);
  CHECK(asked[1].role == "assistant");
  CHECK(asked[1].content == "Let me see. ");
  CHECK(asked[1].tool_calls.size() == 2);
  CHECK(asked[2].role == "tool");
  CHECK(asked[2].tool_call_id == "a");
  CHECK(asked[2].content == "3 m");
  CHECK(asked[3].tool_call_id == "b");
  CHECK(asked[3].content == "noon");
  CHECK(ask(next).timeout_ms == 970);
  CHECK(loop.round() == 2);
}

TEST_CASE("the outcome is that of all rounds together", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  auto first = said("Schön. ", {call("a")});
  first.parts = {{"m", 0, 7}};
  first.queued_ms = 5;
  loop.on_model(first, t0 + 10ms);
  CHECK(loop.code_points() == 7);
  loop.on_result(1, {"3 m", false}, t0 + 100ms);
  auto second = said("3 m.");
  second.parts = {{"m", 0, 1}, {"other", 1, 4}};
  second.attempts = 2;
  second.queued_ms = 7;
  second.first_piece_ms = 30;
  CHECK(finished(loop.on_model(second, t0 + 150ms)));
  auto& x = loop.outcome();
  CHECK(x.text == "Schön. 3 m.");
  REQUIRE(x.parts.size() == 3);
  CHECK(x.parts[1].from == 7);
  CHECK(x.parts[1].to == 8);
  CHECK(x.parts[2].model == "other");
  CHECK(x.parts[2].to == 11);
  CHECK(x.attempts == 3);
  CHECK(x.queued_ms == 12);
  CHECK(x.usage.input_tokens == 20);
  CHECK(x.usage.output_tokens == 4);
  CHECK(x.first_piece_ms == 130); // the first round's is not known, so the second's, from the beginning
  CHECK(x.elapsed_ms == 150);
}

TEST_CASE("a model that calls tools forever has to answer without after its rounds", "[tools]") {
  auto loop = loop_of({3});
  auto next = loop.begin(t0);
  for (std::uint32_t round = 1; round <= 3; ++round) {
    CHECK(ask(next).tools.size() == 2);
    CHECK(start(loop.on_model(said("", {call("again")}), t0))[0].round == round);
    next = loop.on_result(round, {"3 m", false}, t0);
  }
  CHECK(ask(next).tools.empty());
  CHECK(loop.counted().exhausted == 1);
  SECTION("and may do so") {
    CHECK(finished(loop.on_model(said("3 m, I think."), t0)));
    CHECK(loop.outcome().status == run_status::complete);
  }
  SECTION("and its calls then are not run, while its text counts") {
    CHECK(finished(loop.on_model(said("3 m", {call("more")}), t0)));
    CHECK(loop.outcome().status == run_status::complete);
  }
  SECTION("and has failed if it says nothing") {
    CHECK(finished(loop.on_model(said("", {call("more")}), t0)));
    CHECK(loop.outcome().status == run_status::failed);
    CHECK(loop.outcome().error.message == "the model still calls tools after 3 rounds");
  }
}

TEST_CASE("more rounds than a chat can number are not taken", "[tools]") {
  auto loop = loop_of({1000});
  auto next = loop.begin(t0);
  for (std::uint32_t i = 1; i <= tool_loop::max_rounds; ++i) {
    loop.on_model(said("", {call("again")}), t0);
    next = loop.on_result(i, {"3 m", false}, t0);
  }
  CHECK(ask(next).tools.empty());
}

TEST_CASE("calls above the bound of a round are answered with an error, the others are run", "[tools]") {
  auto loop = loop_of({8, 2});
  loop.begin(t0);
  auto next = loop.on_model(said("", {call("a"), call("b"), call("c"), call("d")}), t0);
  CHECK(start(next).size() == 2);
  loop.on_result(1, {"1", false}, t0);
  next = loop.on_result(2, {"2", false}, t0);
  auto& asked = ask(next).messages;
  REQUIRE(asked.size() == 6);
  CHECK(asked[3].content == "2");
  CHECK(error_in(asked[4]) == "not run: at most 2 calls at once");
  CHECK(error_in(asked[5]) == "not run: at most 2 calls at once");
  CHECK(loop.counted().refused == 2);
  CHECK(loop.counted().done == 2);
}

TEST_CASE("a call that cannot be run comes back as an error that the model can mend", "[tools]") {
  struct wrong_call {
    tool_call what;
    std::string error;
  };
  for (auto& x : std::vector<wrong_call>{
           {call("a", "width"), "there is no tool width"},
           {call("a", "depth", "{\"at\":"), "arguments: must be JSON, nested at most 100 deep, are {\"at\":"},
           {call("a", "depth", "[1]"), "arguments: must be an object, are [1]"},
           {call("a", "depth", "{}"), "arguments.at: missing"},
           {call("a", "depth", R"({"at":7})"), "arguments.at: must be string, is integer"},
           {call("a", "depth", R"({"at":")" + std::string(100, 'x') + "\"}"),
            "arguments: must have at most 100 bytes"},
       }) {
    tool_loop::bounds limits;
    limits.argument_bytes = 100;
    auto loop = loop_of(limits);
    loop.begin(t0);
    auto next = loop.on_model(said("", {x.what}), t0);
    auto& asked = ask(next).messages; // at once, as nothing is to be waited for
    REQUIRE(asked.size() == 3);
    CHECK(error_in(asked[2]) == x.error);
    // A server that reads the history gets an object in any case.
    CHECK(nlohmann::json::parse(asked[1].tool_calls[0].arguments).is_object());
    CHECK(loop.counted().refused == 1);
  }
}

TEST_CASE("a result that is too long is cut at a code point, with a note", "[tools]") {
  tool_loop::bounds limits;
  limits.result_bytes = 100;
  auto result_for = [&limits](std::string text) {
    auto loop = loop_of(limits);
    loop.begin(t0);
    loop.on_model(said("", {call("a")}), t0);
    auto next = loop.on_result(1, {std::move(text), false}, t0);
    return std::pair{ask(next).messages.back().content, loop.counted().cut};
  };
  CHECK(result_for(std::string(100, 'x')) == std::pair{std::string(100, 'x'), 0U});
  std::string umlauts;
  for (int i = 0; i < 51; ++i) umlauts += "ö";
  auto [text, cut] = result_for(umlauts);
  CHECK(cut == 1);
  CHECK(text.size() <= 100);
  auto note = text.find(" [cut, of 102 bytes]");
  REQUIRE(note != std::string::npos);
  CHECK(note % 2 == 0);
  CHECK(note >= 78);
  CHECK(result_for("a\xFF"
                   "b")
            .first
        == "a\xEF\xBF\xBD"
           "b");
}

TEST_CASE("a tool that fails is an error for the model, and the chat goes on", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  loop.on_model(said("", {call("a")}), t0);
  auto next = loop.on_result(1, {"the gauge is broken", true}, t0);
  CHECK(error_in(ask(next).messages.back()) == "the gauge is broken");
  CHECK(loop.counted().failed == 1);
}

TEST_CASE("calls without an id of their own are given one", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  loop.on_model(said("", {call("call_1"), call(""), call("call_1")}), t0);
  for (std::uint32_t i = 1; i < 3; ++i) loop.on_result(i, {std::to_string(i), false}, t0);
  auto next = loop.on_result(3, {"3", false}, t0);
  auto& asked = ask(next).messages;
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 3; ++i) {
    ids.insert(asked[2 + i].tool_call_id);
    CHECK(asked[2 + i].tool_call_id == asked[1].tool_calls[i].id);
  }
  CHECK(ids.size() == 3);
  CHECK(ids.count("") == 0);
}

TEST_CASE("answers that nobody waits for are ignored", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  loop.on_model(said("", {call("a"), call("b")}), t0);
  CHECK(waits(loop.on_result(7, {"x", false}, t0)));
  CHECK(waits(loop.on_result(1, {"first", false}, t0)));
  CHECK(waits(loop.on_result(1, {"second", false}, t0)));
  auto next = loop.on_result(2, {"x", false}, t0);
  CHECK(ask(next).messages[2].content == "first");
  CHECK(waits(loop.on_result(2, {"late", false}, t0)));
  CHECK(finished(loop.on_model(said("fine"), t0)));
  CHECK(waits(loop.on_result(2, {"later", false}, t0)));
  CHECK(waits(loop.on_cancel(t0)));
  CHECK(loop.outcome().text == "fine");
}

TEST_CASE("when the time is over what has been said is the partial outcome", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  SECTION("while tools run") {
    loop.on_model(said("Let me see.", {call("a"), call("b", "clock")}), t0);
    loop.on_result(1, {"3 m", false}, t0);
    CHECK(finished(loop.on_deadline(t0 + 1s)));
    CHECK(loop.outcome().status == run_status::partial);
    CHECK(loop.outcome().text == "Let me see.");
    CHECK(loop.outcome().error.status == code::deadline);
    CHECK(loop.outcome().error.message == "the chat did not end within 1000 ms; no answer yet from clock");
    CHECK(loop.counted().unused == 1);
  }
  SECTION("nothing has been said: failed") {
    loop.on_model(said("", {call("a")}), t0);
    CHECK(finished(loop.on_deadline(t0 + 1s)));
    CHECK(loop.outcome().status == run_status::failed);
  }
  SECTION("a result that comes with the deadline begins no round") {
    loop.on_model(said("", {call("a")}), t0);
    CHECK(finished(loop.on_result(1, {"3 m", false}, t0 + 1s)));
    CHECK(loop.outcome().error.status == code::deadline);
  }
}

TEST_CASE("a model that fails ends the chat with what earlier rounds have said", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  loop.on_model(said("Let me see.", {call("a")}), t0);
  loop.on_result(1, {"3 m", false}, t0);
  call_outcome got;
  got.status = run_status::failed;
  got.error = broken;
  CHECK(finished(loop.on_model(got, t0)));
  CHECK(loop.outcome().status == run_status::partial);
  CHECK(loop.outcome().error.message == "broken");
}

TEST_CASE("a chat in which a fallback has spoken is degraded, whoever ends it", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  auto got = said("", {call("a")});
  got.status = run_status::degraded;
  got.error = broken;
  loop.on_model(got, t0);
  loop.on_result(1, {"3 m", false}, t0);
  CHECK(finished(loop.on_model(said("3 m"), t0)));
  CHECK(loop.outcome().status == run_status::degraded);
  CHECK(loop.outcome().error.message == "broken");
}

TEST_CASE("a model without tools that calls one has failed if it says nothing else", "[tools]") {
  tool_loop loop{{{"user", "How deep?"}}, {}, 1000, {}};
  loop.begin(t0);
  CHECK(finished(loop.on_model(said("", {call("a")}), t0)));
  CHECK(loop.outcome().status == run_status::failed);
  CHECK(loop.outcome().error.message == "the model calls a tool, but has none");
}

TEST_CASE("a chat says how its last answer ended, unless it was broken off", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  auto asks = said("", {call("a")});
  asks.finish = finish_reason::tool_calls;
  auto round = loop.on_model(asks, t0);
  SECTION("by the model") {
    loop.on_result(start(round).at(0).number, {"2 m", false}, t0);
    auto last = said("Two");
    last.finish = finish_reason::length;
    last.refusal_text = "Enough.";
    CHECK(finished(loop.on_model(last, t0)));
    CHECK(loop.outcome().finish == finish_reason::length);
    CHECK(loop.outcome().refusal_text == "Enough.");
  }
  SECTION("by its deadline, while tools run") {
    CHECK(finished(loop.on_cancel(t0)));
    CHECK(loop.outcome().finish == finish_reason::none);
  }
}

TEST_CASE("arguments that nest without end are no arguments, and nothing falls over them", "[tools]") {
  auto loop = loop_of();
  loop.begin(t0);
  auto deep = R"({"at":)" + std::string(30'000, '[') + std::string(30'000, ']') + "}";
  auto next = ask(loop.on_model(said("", {call("a", "depth", deep)}), t0));
  CHECK(error_in(next.messages.back()).find("must be JSON, nested at most 100 deep") != std::string::npos);
  CHECK(loop.counted().refused == 1);
}
