#include "actors/core/utf8.hpp"
#include "actors/models/simulated/simulated_replies.hpp"
#include "tests/support/model_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

struct simulated_fixture : model_fixture {
  void add(const simulated_config& settings) {
    auto cfg = config_of("m");
    cfg.retries = 0;
    cfg.breaker.failures = 0;
    cfg.timeout_ms = 10'000;
    add_pool(cfg, make_simulated_backend(settings));
  }
};

} // namespace

TEST_CASE_METHOD(simulated_fixture, "the simulated model keeps to its configured times") {
  simulated_config settings;
  settings.first_piece_ms = 80;
  settings.piece_ms = 30;
  settings.pieces = 5;
  add(settings);
  call(1, "m");
  advance(70ms);
  CHECK(calls().deltas[1].empty());
  advance(10ms);
  CHECK_FALSE(calls().deltas[1].empty());
  advance(110ms);
  CHECK_FALSE(calls().over(1));
  advance(10ms); // 80 + 4 × 30
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).elapsed_ms == 200);
  CHECK(outcome(1).first_piece_ms == 80);
  CHECK(outcome(1).usage.output_tokens == 5);
  CHECK(outcome(1).text == calls().deltas[1]);
}

TEST_CASE_METHOD(simulated_fixture, "the simulated model fails and hangs as often as it is told") {
  SECTION("always") {
    simulated_config settings;
    settings.error_rate = 1;
    add(settings);
    call(1, "m");
    advance(100ms);
    REQUIRE(calls().over(1));
    CHECK(outcome(1).status == run_status::failed);
    CHECK(outcome(1).error.status == code::internal);
  }
  SECTION("never an answer") {
    simulated_config settings;
    settings.hang_rate = 1;
    add(settings);
    call(1, "m", 500);
    advance(490ms);
    CHECK_FALSE(calls().over(1));
    advance(10ms);
    REQUIRE(calls().over(1));
    CHECK(outcome(1).error.status == code::deadline);
  }
  SECTION("now and then, the same ones each time") {
    simulated_config settings;
    settings.error_rate = 0.3;
    settings.pieces = 1;
    add(settings);
    int failed = 0;
    for (std::uint64_t n = 1; n <= 100; ++n) {
      call(n, "m");
      advance(100ms);
      REQUIRE(calls().over(n));
      failed += outcome(n).status == run_status::failed;
    }
    CHECK((failed > 15 && failed < 45));
  }
}

namespace {

struct replies_fixture : simulated_fixture {
  replies_fixture() {
    simulated_config settings;
    settings.pieces = 3;
    settings.replies = {{"weather", "", "look_up", R"({"city":"Bern"})"},
                        {"sunny", "It is sunny, señor.", "", "{}"},
                        {"You review", "Approved.", "", "{}"}};
    add(settings);
    out = own(sys.spawn<sink>());
  }

  /// Asks the pool, and gives what came: the text and the last `model_done`.
  std::pair<std::string, model_done> ask(std::vector<chat_message> chat, std::vector<tool_spec> tools = {}) {
    auto& got = deref<sink>(out);
    got.all<model_piece>().clear();
    got.all<model_done>().clear();
    model_request what{1, "demo", std::move(chat), 1000, out};
    what.tools = std::move(tools);
    auto& pool = models.at("m");
    pool.box->offer_anonymously(pool.actor, std::move(what));
    advance(500ms);
    REQUIRE(got.all<model_done>().size() == 1);
    std::string text;
    pieces = 0;
    for (auto& x : got.all<model_piece>()) {
      text += x.text;
      pieces += !x.text.empty();
    }
    return {text, got.all<model_done>()[0]};
  }

  using sink = probe<model_piece, model_done, model_failed>;
  caf::actor out;
  int pieces = 0;
};

const tool_spec look_up{"look_up", "", "{}"};

} // namespace

TEST_CASE_METHOD(replies_fixture, "the simulated model gives the first reply that matches") {
  auto [text, done] = ask({{"user", "Is it sunny?"}});
  CHECK(text == "It is sunny, señor.");
  CHECK(pieces == 3);
  CHECK(done.end.usage.output_tokens == 3);
  CHECK(done.end.usage.input_tokens > 0);
  CHECK(ask({{"system", "You review texts."}, {"user", "My text"}}).first == "Approved.");
  CHECK(ask({{"user", "sunny"}, {"assistant", "a"}, {"user", "b"}}).first.find("You said") == 0);
  CHECK(ask({{"user", "sunny"}, {"assistant", "It is su"}}).first == "nny, señor."); // goes on from there
}

TEST_CASE_METHOD(replies_fixture, "the simulated model asks for a tool that it is offered, once") {
  auto [text, done] = ask({{"user", "How is the weather?"}}, {look_up});
  CHECK(text.empty());
  REQUIRE(done.end.tool_calls.size() == 1);
  CHECK(done.end.tool_calls[0].name == "look_up");
  CHECK(done.end.tool_calls[0].arguments == R"({"city":"Bern"})");
  chat_message asked{"assistant", ""};
  asked.tool_calls = done.end.tool_calls;
  chat_message result{"tool", "sunny weather", {}, done.end.tool_calls[0].id};
  auto answer = ask({{"user", "How is the weather?"}, asked, result}, {look_up});
  CHECK(answer.first == "It is sunny, señor.");
  CHECK(answer.second.end.tool_calls.empty());
  auto again =
      ask({{"user", "weather?"}, asked, result, {"assistant", "Sunny."}, {"user", "The weather now?"}},
          {look_up});
  REQUIRE(again.second.end.tool_calls.size() == 1);
  CHECK(again.second.end.tool_calls[0].id != done.end.tool_calls[0].id);
}

TEST_CASE_METHOD(replies_fixture, "the simulated model does not ask for a tool that it is not offered") {
  CHECK(ask({{"user", "How is the weather?"}}).first.find("You said") == 0);
  CHECK(ask({{"user", "How is the weather?"}}, {{"other", "", "{}"}}).second.end.tool_calls.empty());
}

TEST_CASE("a text is cut into as many pieces as were asked for, never inside a code point") {
  auto pieces = pieces_of("naïve señor", 4);
  REQUIRE(pieces.size() == 4);
  std::string all;
  for (auto& x : pieces) {
    CHECK((utf8::code_points(x) >= 2 && utf8::code_points(x) <= 3));
    all += x;
  }
  CHECK(all == "naïve señor");
  CHECK(pieces_of("äö", 5) == std::vector<std::string>{"ä", "ö"});
  CHECK(pieces_of("one", 0) == std::vector<std::string>{"one"});
}
