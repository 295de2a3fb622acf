#include "actors/calls/chat_call.hpp"
#include "actors/core/utf8.hpp"
#include "tests/support/model_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

/// An actor that has chats and keeps what comes of them.
class chatter : public caf::event_based_actor {
public:
  explicit chatter(caf::actor_config& cfg) : caf::event_based_actor(cfg) {}

  caf::behavior make_behavior() override {
    set_exit_handler([this](const caf::exit_msg& x) { quit(x.reason); });
    return {
        [this](const model_piece& x) { hand_over(x); },
        [this](const model_done& x) { hand_over(x); },
        [this](const model_failed& x) { hand_over(x); },
    };
  }

  void on_exit() override { chat.reset(); }

  void begin(std::shared_ptr<const model_directory> models, chat_job what) {
    chat_call::callbacks then;
    then.on_delta = [this](std::uint64_t at, const std::string& text) {
      if (at != utf8::code_points(streamed)) ++holes;
      streamed += text;
    };
    then.on_finished = [this](const call_outcome& x) { outcome = x; };
    then.on_tool = [this](const tool_request& x) { begun.push_back(x.what.name); };
    chat = chat_call::make(this, std::move(models), std::move(what), std::move(then));
    chat->start();
  }

  std::shared_ptr<chat_call> chat;
  std::optional<call_outcome> outcome;
  std::string streamed;
  std::vector<std::string> begun;
  int holes = 0;

private:
  template <class T>
  void hand_over(const T& x) {
    if (chat && chat_call::call_of(x.id) == 9) chat->on(x);
  }
};

class chat_fixture : public model_fixture {
public:
  struct pending {
    tool_request what;
    chat_tool::answer answer;
  };

  caf::actor owner = own(sys.spawn<chatter>());
  std::vector<pending> calls; ///< Those of the tools that wait for the test.
  std::vector<std::uint32_t> stopped;
  std::vector<chat_tool> tools;

  chat_fixture() {
    run();
    add_pool(config_of("m"));
    for (auto* name : {"depth", "clock"}) tools.push_back(tool_of(name));
  }

  /// A tool that is answered by the test.
  chat_tool tool_of(const std::string& name) {
    chat_tool out;
    out.spec = {name, "", R"({"type":"object"})"};
    out.run = [this](const tool_request& what, chat_tool::answer then) {
      calls.push_back({what, std::move(then)});
      return [this, number = what.number] { stopped.push_back(number); };
    };
    return out;
  }

  static tool_call to(std::string id, std::string name) { return {std::move(id), std::move(name), "{}"}; }

  void begin(std::int64_t timeout_ms = 1000, tool_loop::bounds limits = {}) {
    chat_job what{9, "demo", "m", {{"user", "How deep?"}}, timeout_ms, 7, tools, limits};
    auto shared = std::make_shared<const model_directory>(models);
    in_owner([this, shared, what] { who_chats().begin(shared, what); });
  }

  template <class F>
  void in_owner(F what) {
    send(owner, caf::make_action(std::move(what)));
  }

  void answer(std::size_t i, tool_result with) {
    in_owner([this, i, with] { calls.at(i).answer(with); });
  }

  chatter& who_chats() { return deref<chatter>(owner); }
  bool over() { return who_chats().outcome.has_value(); }
  const call_outcome& outcome() { return *who_chats().outcome; }
  std::vector<chat_message> shown(std::size_t i) { return backend_of("m").asked.at(i).messages; }
  std::int64_t counted(const std::string& what) {
    return sys.metrics()
        .counter_instance("weir", "tool-calls", {{"outcome", what}}, "Calls of tools by models, by outcome.",
                          "1", true)
        ->value();
  }
};

} // namespace

TEST_CASE_METHOD(chat_fixture, "a chat without calls is one model call", "[tools]") {
  begin();
  advance(100ms);
  REQUIRE(over());
  CHECK(outcome().status == run_status::complete);
  CHECK(outcome().text == "fine");
  CHECK(backend_of("m").asked.size() == 1);
  CHECK(backend_of("m").asked[0].tools.size() == 2);
}

TEST_CASE_METHOD(chat_fixture,
                 "tools that run at once and answer out of order go back in the order of the calls",
                 "[tools]") {
  backend_of("m").scripts = {script::call({to("a", "depth"), to("b", "clock")}, {"Schön,", " warte. "}),
                             script::answer({"3 m", " at noon."})};
  begin();
  advance(100ms);
  REQUIRE(calls.size() == 2);
  CHECK(who_chats().begun == std::vector<std::string>{"depth", "clock"});
  answer(1, {"noon", false});
  advance(50ms);
  CHECK(backend_of("m").asked.size() == 1);
  answer(0, {"3 m", false});
  advance(100ms);
  REQUIRE(over());
  CHECK(outcome().status == run_status::complete);
  CHECK(outcome().text == "Schön, warte. 3 m at noon.");
  CHECK(who_chats().streamed == outcome().text);
  CHECK(who_chats().holes == 0);
  CHECK(outcome().attempts == 2);
  auto asked = shown(1);
  REQUIRE(asked.size() == 4);
  CHECK(asked[2].tool_call_id == "a");
  CHECK(asked[2].content == "3 m");
  CHECK(asked[3].content == "noon");
  CHECK(stopped.empty());
  CHECK(counted("done") == 2);
}

TEST_CASE_METHOD(chat_fixture, "a tool may answer at once, and what it throws is its error", "[tools]") {
  tools[0].run = [](const tool_request&, chat_tool::answer then) {
    then({"3 m", false});
    then({"4 m", false});
    return chat_tool::stop{};
  };
  tools[1].run = [](const tool_request&, const chat_tool::answer&) -> chat_tool::stop {
    throw std::runtime_error("the clock has stopped");
  };
  backend_of("m").scripts = {script::call({to("a", "depth"), to("b", "clock")}), script::answer({"3 m"})};
  begin();
  advance(100ms);
  REQUIRE(over());
  CHECK(outcome().text == "3 m");
  CHECK(shown(1)[2].content == "3 m");
  CHECK(shown(1)[3].content == R"({"error":"the clock has stopped"})");
  CHECK(counted("failed") == 1);
}

TEST_CASE_METHOD(chat_fixture, "a model that calls the same tool forever is asked for the last time without",
                 "[tools]") {
  tools[0].run = [](const tool_request&, const chat_tool::answer& then) {
    then({"3 m", false});
    return chat_tool::stop{};
  };
  for (int i = 0; i < 20; ++i) backend_of("m").scripts.push_back(script::call({to("a", "depth")}, {"hm "}));
  tool_loop::bounds limits;
  limits.rounds = 3;
  begin(1000, limits);
  advance(200ms);
  REQUIRE(over());
  CHECK(backend_of("m").asked.size() == 4);
  CHECK(backend_of("m").asked[2].tools.size() == 2);
  CHECK(backend_of("m").asked[3].tools.empty());
  CHECK(outcome().text == "hm hm hm hm ");
  CHECK(counted("done") == 3);
}

TEST_CASE_METHOD(chat_fixture, "the deadline in the middle of a tool ends the chat and stops the tool",
                 "[tools]") {
  SECTION("with what was said") {
    backend_of("m").scripts = {script::call({to("a", "depth")}, {"One moment."})};
    begin(300);
    advance(290ms);
    CHECK_FALSE(over());
    advance(10ms);
    REQUIRE(over());
    CHECK(outcome().status == run_status::partial);
    CHECK(outcome().text == "One moment.");
    CHECK(outcome().elapsed_ms == 300);
  }
  SECTION("with nothing") {
    backend_of("m").scripts = {script::call({to("a", "depth")})};
    begin(300);
    advance(300ms);
    REQUIRE(over());
    CHECK(outcome().status == run_status::failed);
  }
  CHECK(outcome().error.status == code::deadline);
  CHECK(stopped == std::vector<std::uint32_t>{1});
  CHECK(counted("unused") == 1);
  answer(0, {"too late", false});
  advance(1s);
  CHECK(backend_of("m").asked.size() == 1);
}

TEST_CASE_METHOD(chat_fixture, "the deadline in the middle of a later model call keeps what was said",
                 "[tools]") {
  backend_of("m").scripts = {script::call({to("a", "depth")}, {"One moment. "}),
                             script::hang_after({"It is "})};
  begin(300);
  advance(100ms);
  answer(0, {"3 m", false});
  advance(190ms);
  CHECK_FALSE(over());
  advance(20ms);
  REQUIRE(over());
  CHECK(outcome().status == run_status::partial);
  CHECK(outcome().text == "One moment. It is ");
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(chat_fixture, "a tool that does not answer within its own time has failed, and is stopped",
                 "[tools]") {
  tools[0].timeout_ms = 100;
  backend_of("m").scripts = {script::call({to("a", "depth"), to("b", "clock")}), script::answer({"unknown"})};
  begin();
  advance(50ms);
  answer(1, {"noon", false});
  advance(200ms);
  REQUIRE(over());
  CHECK(outcome().text == "unknown");
  CHECK(shown(1)[2].content == R"({"error":"no answer within 100 ms"})");
  CHECK(shown(1)[3].content == "noon");
  CHECK(stopped == std::vector<std::uint32_t>{1});
}

TEST_CASE_METHOD(chat_fixture, "cancelling in the middle of a tool stops it and ends the chat", "[tools]") {
  backend_of("m").scripts = {script::call({to("a", "depth")}, {"One moment."})};
  begin();
  advance(100ms);
  in_owner([this] { who_chats().chat->cancel(); });
  REQUIRE(over());
  CHECK(outcome().status == run_status::cancelled);
  CHECK(outcome().text == "One moment.");
  CHECK(stopped == std::vector<std::uint32_t>{1});
  advance(2s);
  CHECK(backend_of("m").asked.size() == 1);
}

TEST_CASE_METHOD(chat_fixture, "cancelling while the model speaks again closes that", "[tools]") {
  backend_of("m").scripts = {script::call({to("a", "depth")}, {"One moment. "}), script::hang_after({"It"})};
  begin();
  advance(100ms);
  answer(0, {"3 m", false});
  advance(50ms);
  CHECK(backend_of("m").open == 1);
  in_owner([this] { who_chats().chat->cancel(); });
  REQUIRE(over());
  CHECK(outcome().status == run_status::cancelled);
  CHECK(outcome().text == "One moment. It");
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(chat_fixture, "a chat that is dropped in the middle of a tool calls nobody back",
                 "[tools]") {
  backend_of("m").scripts = {script::call({to("a", "depth")})};
  begin();
  advance(100ms);
  in_owner([this] { who_chats().chat.reset(); });
  answer(0, {"3 m", false});
  advance(2s);
  CHECK_FALSE(over());
  CHECK(backend_of("m").asked.size() == 1);
}

TEST_CASE_METHOD(chat_fixture, "what an attempt of an earlier round still says is not heard", "[tools]") {
  auto cfg = config_of("slow", 2);
  cfg.attempt_timeout_ms = 50;
  cfg.fallback = {{false, "m"}};
  cfg.retries = 0;
  add_pool(cfg);
  backend_of("slow").scripts = {script::hang_after({"One"}), script::answer({" the end."})};
  backend_of("m").scripts = {script::call({to("a", "depth")}, {" moment."})};
  chat_job what{9, "demo", "slow", {{"user", "How deep?"}}, 1000, 7, tools, {}};
  auto shared = std::make_shared<const model_directory>(models);
  in_owner([this, shared, what] { who_chats().begin(shared, what); });
  advance(150ms);
  auto stale = backend_of("slow").asked.at(0).id;
  answer(0, {"3 m", false});
  advance(5ms, 1ms);
  CHECK(backend_of("slow").asked.at(1).id != stale);
  send(owner, model_piece{stale, "noise", 0});
  advance(100ms);
  REQUIRE(over());
  CHECK(outcome().text == "One moment. the end.");
  CHECK(outcome().status == run_status::degraded);
  CHECK(outcome().parts.size() == 3);
}
