// What an author gets, through what an author tests with.
#include "weir/agent.hpp"
#include "weir/testing.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using nlohmann::json;
using testing::agent_test;
using testing::model_script;

namespace {

json parsed(const event& x) { return json::parse(x.data); }

/// Calls `to` for each event, with the time-out that the event names, and emits what came of it.
struct caller : agent {
  std::vector<std::string> patterns() const override { return {"go.*"}; }
  std::uint32_t concurrency() const override { return 1000; }
  void on_event(const event& what, task job) override {
    auto data = json::parse(what.data);
    auto then = [job](const call_result& got) {
      job.emit("came", {{"ok", got.ok()}, {"output", json::parse(got.output)}, {"reason", got.error.reason}});
    };
    job.call(data["to"], data, then, data.value("timeout_ms", 0));
  }
  void on_call(const agent_call& what, task job) override {
    auto left = job.left_ms();
    job.call(
        "slow", json::parse(what.input),
        [job, left](const call_result& got) {
          job.reply({{"left", left}, {"reason", got.error.reason}});
        },
        60'000);
  }
};

/// Answers a call after the milliseconds that it was given, and says how often it was called.
struct slow : agent {
  static inline int calls = 0;
  void on_call(const agent_call& what, task job) override {
    auto n = ++calls;
    job.after(json::parse(what.input).value("ms", 0), [job, n] { job.reply(n); });
  }
};

struct caller_test : agent_test {
  caller_test() {
    slow::calls = 0;
    run<caller>("caller");
    run<slow>("slow");
    stub("twice", [](const json& x) { return x["n"].get<int>() * 2; });
  }
};

} // namespace

TEST_CASE_METHOD(caller_test, "an agent calls another one and goes on with its answer") {
  publish("go.x", {{"to", "twice"}, {"n", 21}});
  REQUIRE(emitted("caller").size() == 1);
  CHECK(parsed(emitted()[0]) == json{{"ok", true}, {"output", 42}, {"reason", ""}});
}

TEST_CASE_METHOD(caller_test, "a call of what is not there is a refusal, not a crash") {
  publish("go.x", {{"to", "nobody"}});
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["reason"] == "unknown_target");
  CHECK(restarts() == 0);
}

TEST_CASE_METHOD(caller_test,
                 "a call ends at its own deadline, and never later than the call it was made for") {
  publish("go.x", {{"to", "slow"}, {"ms", 5000}, {"timeout_ms", 300}});
  advance(290);
  CHECK(emitted().empty());
  advance(10);
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["reason"] == "deadline");

  auto id = call("caller", {{"ms", 5000}}, 400); // it asks for a minute
  advance(399);
  CHECK(!result(id));
  advance(5);
  REQUIRE(result(id));
  CHECK(result(id)->error.status == code::deadline);
  CHECK(restarts() == 0);
}

TEST_CASE_METHOD(caller_test, "an agent that crashes while its call runs gets that run's result, made once") {
  publish("go.x", {{"to", "slow"}, {"ms", 5000}});
  advance(100);
  CHECK(slow::calls == 1);
  crash("caller");
  CHECK(emitted().empty());
  advance(3000);
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["output"] == 1);
  CHECK(slow::calls == 1);
}

TEST_CASE_METHOD(caller_test, "a call that had ended before its caller crashed is not made again") {
  publish("go.x", {{"to", "slow"}, {"ms", 50}});
  crash("caller"); // the run ends meanwhile
  advance(100);
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["output"] == 1);
  CHECK(slow::calls == 1);
}

TEST_CASE_METHOD(caller_test, "a call goes on after the node was started again") {
  publish("go.x", {{"to", "slow"}, {"ms", 3000}});
  advance(100);
  restart();
  advance(5000);
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["ok"] == true);
}

TEST_CASE_METHOD(caller_test,
                 "one agent's calls in flight are bounded, and the one too many is told so at once") {
  for (int i = 0; i < 65; ++i) publish("go.x", {{"to", "slow"}, {"ms", 1000}});
  REQUIRE(emitted().size() == 1);
  CHECK(parsed(emitted()[0])["reason"] == "namespace_full");
  advance(1100);
  CHECK(emitted().size() == 65);
}

// -- timers

namespace {

struct ticker : agent {
  std::uint64_t first = 0;
  void on_start() override {
    auto settings = json::parse(context().settings());
    if (settings.value("bad", false)) context().every(0, [](task) {});
    first = context().every(settings.value("every_ms", 100), [this, n = 0](task job) mutable {
      job.emit("tick", ++n);
      if (n == 3) context().cancel(first);
    });
    context().after(250, [](task job) { job.emit("once", true); });
    if (settings.value("many", false))
      while (true) context().after(1000, [](task) {});
  }
  std::vector<std::string> patterns() const override { return {"wait"}; }
  void on_event(const event& what, task job) override {
    if (what.data == "-1") job.after(-1, [] {});
    job.after(json::parse(what.data), [job] { job.emit("waited", true); });
  }
};

/// Its turns take 250 ms each.
struct slow_ticker : agent {
  void on_start() override {
    context().every(100, [](task job) { job.after(250, [job] { job.emit("tick", true); }); });
  }
};

std::vector<std::string> types(const std::vector<event>& all) {
  std::vector<std::string> out;
  for (auto& x : all) out.push_back(x.type);
  return out;
}

using names = std::vector<std::string>;

} // namespace

TEST_CASE("an agent's timers run again and again, or once, until they are cancelled") {
  agent_test node;
  node.run<ticker>("ticker");
  node.advance(199);
  CHECK(types(node.emitted()) == names{"tick"});
  node.advance(1000);
  CHECK(types(node.emitted()) == names{"tick", "tick", "once", "tick"});
  CHECK(node.emitted()[0].client_id == "agent:ticker");
  CHECK(node.restarts() == 0);
}

TEST_CASE("timers are set again when their agent is, and what they emit is new") {
  agent_test node;
  node.run<ticker>("ticker");
  node.advance(1000);
  node.crash("ticker");
  CHECK(node.emitted().size() == 8);
}

TEST_CASE("a turn of a timer is left out while the one before is in hand, and counted") {
  agent_test node;
  node.run<slow_ticker>("ticker");
  node.advance(1000);
  CHECK(node.emitted().size() == 3);                  // begun at 100, 400 and 700
  CHECK(node.metric("ticker", "timer_skipped") == 6); // at 200, 300, 500, 600, 800, 900
}

TEST_CASE("timers that cannot be are a crash that says why") {
  auto settings = std::string{GENERATE(R"({"bad":true})", R"({"many":true})")};
  agent_test node;
  node.run<ticker>("ticker", settings);
  node.advance(500);
  CHECK(node.restarts() >= 1);
  CHECK(node.emitted().empty());
}

TEST_CASE("a task waits without letting go of its event, and a crash begins it anew") {
  agent_test node;
  node.run<ticker>("ticker", R"({"every_ms":1000000})");
  node.advance(300);
  node.publish("wait", 5000);
  node.advance(1000);
  node.crash("ticker");
  node.advance(2000);
  CHECK(types(node.emitted("ticker")) == names{"once", "once"});
  node.advance(4000);
  CHECK(types(node.emitted("ticker")) == names{"once", "once", "waited"});
  node.publish("wait", -1);
  node.advance(3000);
  CHECK(node.dead_letters().size() == 1);
}

// -- state

namespace {

/// Does what an event says with its state: `[verb, key, value, ttl_ms]`.
struct keeper : agent {
  std::vector<std::string> patterns() const override { return {"do"}; }
  std::uint32_t concurrency() const override { return 2000; }
  void on_event(const event& what, task job) override {
    auto x = json::parse(what.data);
    std::string verb = x[0], key = x[1];
    auto done = [job, verb](const refusal& no) {
      job.emit(verb, {{"reason", no.reason}, {"message", no.message}});
    };
    if (verb == "get") job.state().get(key, [job](const json& value) { job.emit("get", value); });
    if (verb == "put") job.state().put(key, x[2], done, x.size() > 3 ? x[3].get<int>() : 0);
    if (verb == "put_blindly") job.state().put(key, x[2]);
    if (verb == "erase") job.state().erase(key, done);
    if (verb == "add")
      job.state().update(
          key, [by = x[2].get<int>()](const json& n) { return json(n.is_null() ? by : n.get<int>() + by); },
          [job](const json& n, const refusal& no) {
            job.emit("add", {{"now", n}, {"reason", no.reason}});
          });
    if (verb == "later") job.after(100, [job, key, done] { job.state().put(key, 1, done); });
    for (auto i = 0U; verb == "flood" && i <= agent_state::max_waiting; ++i)
      job.state().get(key, [](const json&) {});
    for (auto i = 0U; verb == "wait" && i <= max_waits; ++i) job.after(100, [] {});
  }
  static constexpr std::size_t max_waits = 1024;
};

struct keeper_test : agent_test {
  keeper_test() { run<keeper>("keeper"); }

  json last() const {
    auto all = emitted();
    return all.empty() ? json{} : parsed(all.back());
  }

  json get(const std::string& key) {
    publish("do", {"get", key});
    return last();
  }
};

} // namespace

TEST_CASE_METHOD(keeper_test, "what an agent keeps is there again, and gone when it is erased") {
  CHECK(get("a") == nullptr);
  publish("do", {"put", "a", {{"n", 1}}});
  CHECK(last()["reason"] == "");
  CHECK(get("a") == json{{"n", 1}});
  CHECK(get("b") == nullptr);
  publish("do", {"erase", "a"});
  CHECK(get("a") == nullptr);
}

TEST_CASE_METHOD(keeper_test, "changes of one key happen one after the other") {
  for (int i = 1; i <= 100; ++i) publish("do", {"add", "n", 1});
  CHECK(last()["now"] == 100);
  CHECK(get("n") == 100);
}

TEST_CASE_METHOD(keeper_test, "what an agent keeps survives its crash and the node's end") {
  publish("do", {"add", "n", 5});
  crash("keeper");
  CHECK(get("n") == 5);
  restart();
  CHECK(get("n") == 5);
}

TEST_CASE_METHOD(keeper_test, "agents keep apart what they keep") {
  run<keeper>("keeper2");
  publish("do", {"put", "a", 1}); // both have it
  publish("do", {"add", "a", 1});
  for (auto& x : emitted())
    if (x.type == "add") CHECK(parsed(x)["now"] == 2);
}

TEST_CASE_METHOD(keeper_test, "without a store, state lasts as long as the namespace") {
  without_store();
  publish("do", {"add", "n", 5});
  crash("keeper");
  CHECK(get("n") == 5);
  restart();
  CHECK(get("n") == nullptr);
}

TEST_CASE_METHOD(keeper_test, "a key with a time to live goes when it is over") {
  publish("do", {"put", "a", 1, 1000});
  advance(900);
  CHECK(get("a") == 1);
  advance(200);
  CHECK(get("a") == nullptr);
}

TEST_CASE_METHOD(keeper_test, "an agent has so many keys and no more, until some are gone") {
  for (std::size_t i = 0; i < agent_state::max_keys; ++i)
    publish("do", {"put", "k" + std::to_string(i), i, 60'000});
  CHECK(last()["reason"] == "");
  publish("do", {"put", "more", 1});
  CHECK(last()["reason"] == "too_large");
  CHECK(last()["message"] == "state: the agent keeper has all the keys it may have");
  publish("do", {"add", "more", 1});
  CHECK(last()["reason"] == "too_large");
  publish("do", {"add", "k7", 1}); // one that is there
  CHECK(last()["now"] == 8);
  CHECK(get("more") == nullptr);
  publish("do", {"erase", "k8"});
  publish("do", {"put", "more", 1});
  CHECK(last()["reason"] == "");
  publish("do", {"put", "even more", 1});
  CHECK(last()["reason"] == "too_large");
  advance(70'000); // the others have expired
  publish("do", {"put", "even more", 1});
  CHECK(last()["reason"] == "");
}

TEST_CASE_METHOD(keeper_test,
                 "keys and values that cannot be kept, and refusals nobody looks at, are crashes") {
  std::string key = "k";
  json value = 1;
  SECTION("no key") { key = ""; }
  SECTION("a long key") { key = std::string(129, 'k'); }
  SECTION("a key of two lines") { key = "a\nb"; }
  SECTION("a long value") { value = std::string(64 * 1024, 'v'); }
  publish("do", {"put", key, value});
  advance(5000);
  REQUIRE(dead_letters().size() == 1);
  CHECK(emitted().empty());
}

TEST_CASE_METHOD(keeper_test, "a refusal that nobody looks at is a crash, so that the event is not lost") {
  for (std::size_t i = 0; i < agent_state::max_keys; ++i) publish("do", {"put", "k" + std::to_string(i), i});
  publish("do", {"put_blindly", "more", 1});
  advance(5000);
  CHECK(dead_letters().size() == 1);
}

TEST_CASE_METHOD(keeper_test, "a store that fails for a while is asked again") {
  publish("do", {"later", "a"});
  break_store(3);
  advance(3000);
  CHECK(last()["reason"] == "");
  CHECK(get("a") == 1);
  CHECK(restarts() == 0);
}

TEST_CASE_METHOD(keeper_test, "what one agent has under way is bounded, and one more is a crash") {
  publish("do", {GENERATE("flood", "wait"), "a"});
  advance(5000);
  REQUIRE(dead_letters().size() == 1);
  publish("do", {"put", "a", 1}); // and it goes on
  CHECK(last()["reason"] == "");
}

// -- settings, metrics, models

namespace {

struct configured : agent {
  int limit;
  explicit configured(const agent_config& cfg) : limit(json::parse(cfg.settings).at("limit")) {}
  void on_call(const agent_call&, task job) override {
    job.reply({{"limit", limit},
               {"same", json::parse(context().settings())},
               {"me", context().name()},
               {"ns", context().ns()}});
  }
};

struct counting : agent {
  void on_call(const agent_call& what, task job) override {
    auto x = json::parse(what.input);
    if (x.contains("count")) metrics().count(x["count"], x.value("by", 1));
    if (x.contains("gauge")) metrics().gauge(x["gauge"], x["value"]);
    if (x.contains("observe")) metrics().observe(x["observe"], x["value"]);
    job.reply(true);
  }
};

struct asking : agent {
  void on_call(const agent_call& what, task job) override {
    job.ask("default", {{"user", what.input}}, [job](const model_answer& got) {
      job.reply({{"status", to_string(got.status)}, {"text", got.text}});
    });
  }
};

struct premature : agent {
  premature() { log().info("too early"); }
};

} // namespace

TEST_CASE("an agent is made from its settings, and knows its name") {
  agent_test node;
  node.run<configured>("mine", R"({"limit": 3})");
  auto id = node.call("mine", {});
  CHECK(json::parse(node.result(id)->output)
        == json{{"limit", 3}, {"same", {{"limit", 3}}}, {"me", "mine"}, {"ns", "demo"}});
}

TEST_CASE("an agent whose constructor throws has failed, and the node goes on") {
  agent_test node;
  node.run<configured>("mine", R"({"no_limit": 3})");
  node.run<premature>("early");
  node.stub("other", [](const json& x) { return x; });
  node.advance(120'000);
  CHECK(node.result(node.call("mine", {}))->error.status == code::unavailable);
  CHECK(node.result(node.call("early", {}))->error.status == code::unavailable);
  CHECK(node.result(node.call("other", 7))->output == "7");
}

TEST_CASE("an agent's figures are the node's metrics, under its name") {
  agent_test node;
  node.run<counting>("mine");
  node.call("mine", {{"count", "words"}, {"by", 3}});
  node.call("mine", {{"count", "words"}});
  node.call("mine", {{"gauge", "rooms"}, {"value", 2.5}});
  node.call("mine", {{"observe", "lookup"}, {"value", 0.2}});
  CHECK(node.metric("mine", "words") == 4);
  CHECK(node.metric("mine", "rooms") == 2.5);
  CHECK(!node.metric("mine", "other"));
  CHECK(node.restarts() == 0);
}

TEST_CASE("figures under wrong names are crashes, and those under too many names are left out") {
  agent_test node;
  node.run<counting>("mine");
  node.call("mine", {{"count", "words"}});
  auto input = GENERATE(json{{"count", "Words"}}, json{{"count", ""}}, json{{"gauge", "words"}, {"value", 1}},
                        json{{"count", "words"}, {"by", -1}}, json{{"count", std::string(49, 'a')}});
  CHECK(node.result(node.call("mine", input))->error.status == code::internal);
  node.advance(1000);
  for (int i = 0; i < 40; ++i) node.call("mine", {{"count", "n" + std::to_string(i)}});
  CHECK(node.metric("mine", "n30")); // with `words`, the last of 32
  CHECK(!node.metric("mine", "n31"));
  CHECK(node.metric("mine", "metrics_refused") == 9);
  CHECK(node.restarts() == 0); // they were their tasks' crashes
}

TEST_CASE("a model is scripted, and what it was asked can be read") {
  agent_test node;
  node.run<asking>("mine");
  node.script("default", "hello");
  node.script("default", model_script::failure(code::unavailable));
  node.script("default", model_script::hang());
  std::vector<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(node.call("mine", i, 5000));
    node.advance(1100);
  }
  CHECK(json::parse(node.result(ids[0])->output) == json{{"status", "complete"}, {"text", "hello"}});
  CHECK(json::parse(node.result(ids[1])->output)["status"] == "failed");
  CHECK(json::parse(node.result(ids[2])->output)["status"] == "failed");
  REQUIRE(node.asked().size() == 3);
  CHECK(node.asked()[1][0].content == "1");
}

TEST_CASE("a test that is used wrongly is told so") {
  agent_test node;
  node.run<asking>("mine");
  CHECK_THROWS_AS(node.run<asking>("mine"), std::logic_error);
  node.advance(1);
  CHECK_THROWS_AS(node.run<asking>("late"), std::logic_error);
  CHECK_THROWS_AS(node.script("late", "x"), std::logic_error);
  CHECK_THROWS_AS(node.crash("nobody"), std::logic_error);
}

TEST_CASE("an author's tools are tested with a model that calls them", "[sdk][tools]") {
  struct gauge : agent {
    void on_call(const agent_call&, task job) override {
      chat_question what;
      what.messages = {{"user", "How deep?"}};
      tool depth{"depth", "How deep it is.", {{"type", "object"}, {"required", {"at"}}}};
      depth.run = [](const json& arguments, tool_reply reply) {
        reply.ok({{"at", arguments["at"]}, {"m", 3}});
      };
      what.tools = {depth};
      job.ask(std::move(what), [job](const model_answer& got) { job.reply(got.text); });
    }
  };
  agent_test node;
  node.run<gauge>("gauge");
  node.script("default", model_script::call("depth", {{"at", "the weir"}}));
  node.script("default", "Three metres.");
  auto id = node.call("gauge", nullptr);
  node.advance(500);
  REQUIRE(node.result(id).has_value());
  CHECK(node.result(id)->output == "\"Three metres.\"");
  REQUIRE(node.asked().size() == 2);
  CHECK(node.asked()[1].back().content == R"({"at":"the weir","m":3})");
}
