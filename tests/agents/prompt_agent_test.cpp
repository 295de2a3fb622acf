#include "actors/agents/prompt_agent.hpp"
#include "actors/core/utf8.hpp"
#include "actors/models/simulated/simulated_backend.hpp"
#include "testing/node_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::recorder;

namespace {

class prompt_fixture : public test::node_fixture {
public:
  recorder alice{"alice"};
  std::uint64_t a = 0;
  relay* via = nullptr;
  model_config model;

  prompt_fixture() {
    model.name = "default";
    model.backend = simulated_config{80, 10, 20, 0, 0, 1};
  }

  void begin() {
    auto sim = std::get<simulated_config>(model.backend);
    auto pool = make_pool(
        sys, model, [sim] { return std::make_shared<simulated_backend>(sim); }, unit);
    own(pool.actor);
    models["default"] = pool;
    agent_config assistant{"assistant", "prompt", {}};
    assistant.prompt.on = {"chat.*.message"};
    assistant.prompt.emit = "chat.{1}.reply";
    assistant.prompt.system = "You are brief.";
    plan.agents.push_back(assistant);
    via = &open("demo");
    a = via->join(alice);
    via->subscribe(a, "chat.*.reply");
  }

  void call(const std::string& id, const std::string& input, std::int64_t timeout_ms = 0) {
    via->call(a, id, call_of("assistant", id, input, timeout_ms, true));
    run();
  }

  /// The deltas of a run, joined; fails on an overlap or a hole.
  std::string streamed(const std::string& run_id) {
    std::string out;
    for (auto& x : alice.updates) {
      if (x.finished || x.delta.run_id != run_id) continue;
      CHECK(x.delta.at == utf8::code_points(out));
      out += x.delta.text;
    }
    return out;
  }

  static std::string text_in(const run_result& x) {
    return nlohmann::json::parse(x.output).at("text").get<std::string>();
  }
};

} // namespace

TEST_CASE_METHOD(prompt_fixture, "a call streams the text that its result holds") {
  begin();
  call("c1", R"({"text":"what is a weir?"})");
  advance(1s);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(!text_in(*x).empty());
  CHECK(text_in(*x) == streamed("alice/c1"));
  CHECK(x->attempts == 1);
  REQUIRE(x->parts.size() == 1);
  CHECK(x->parts[0].model == "default");
  CHECK(x->parts[0].to == utf8::code_points(text_in(*x)));
  CHECK(x->first_piece_ms >= 80);
  CHECK(x->elapsed_ms >= 80 + 19 * 10);
}

TEST_CASE_METHOD(prompt_fixture, "the deadline cuts a call and what had arrived is its partial result") {
  begin();
  call("c1", "\"hello\"", 150);
  advance(140ms);
  CHECK(alice.result("alice/c1") == nullptr);
  advance(10ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::partial);
  CHECK(text_in(*x) == streamed("alice/c1"));
  CHECK(x->error.status == code::deadline);
}

TEST_CASE_METHOD(prompt_fixture, "a model that hangs ends in the fallback's answer") {
  model.backend = simulated_config{80, 10, 20, 0, 1, 1};
  model.fallback = {{true, "Ask me again."}};
  begin();
  call("c1", "\"hello\"", 500);
  advance(499ms);
  CHECK(alice.result("alice/c1") == nullptr);
  advance(1ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::degraded);
  CHECK(text_in(*x) == "Ask me again.");
  CHECK(streamed("alice/c1") == "Ask me again.");
}

TEST_CASE_METHOD(prompt_fixture, "a cancelled call ends as cancelled with what had arrived") {
  begin();
  call("c1", "\"hello\"");
  advance(150ms);
  via->cancel(a, "x", "alice/c1");
  run();
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::cancelled);
  auto n = alice.updates.size();
  advance(1s);
  CHECK(alice.updates.size() == n);
}

TEST_CASE_METHOD(prompt_fixture, "one that comes late gets what has been streamed so far as one delta") {
  begin();
  call("c1", "\"hello\"");
  advance(150ms);
  recorder bob("alice");
  auto b = via->join(bob);
  via->call(b, "again", call_of("assistant", "c1", "\"hello\"", 0, true));
  advance(1s);
  REQUIRE(bob.result("alice/c1") != nullptr);
  std::string text;
  for (auto& u : bob.updates)
    if (!u.finished) text += u.delta.text;
  CHECK(text == streamed("alice/c1"));
}

TEST_CASE_METHOD(prompt_fixture, "input that is no text is refused by the run") {
  begin();
  call("c1", R"({"words":1})");
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::failed);
  CHECK(x->error.reason == "bad_field");
}

TEST_CASE_METHOD(prompt_fixture, "an event is answered on its subject") {
  begin();
  via->publish(a, "m1", event_of("alice", "m1", "chat.room1.message", R"({"text":"hello"})"));
  run();
  advance(1s);
  REQUIRE(alice.deliveries.size() == 1);
  auto& reply = *alice.deliveries[0].what;
  CHECK(reply.type == "chat.room1.reply");
  CHECK(reply.client_id == "agent:assistant");
  auto data = nlohmann::json::parse(reply.data);
  CHECK(data["status"] == "complete");
  CHECK(!data["text"].get<std::string>().empty());
}

TEST_CASE_METHOD(prompt_fixture, "all events are answered when more come than there are workers") {
  model.workers = 2;
  begin();
  for (int i = 0; i < 10; ++i) {
    auto id = "m" + std::to_string(i);
    via->publish(a, id, event_of("alice", id, "chat.room1.message", "\"hello\""));
  }
  run();
  advance(3s);
  CHECK(alice.deliveries.size() == 10);
}

TEST_CASE("a model is shown what was said before, its own words as the assistant's") {
  auto make = [](std::string who, std::string data) {
    event x;
    x.client_id = std::move(who);
    x.data = std::move(data);
    return std::make_shared<const event>(std::move(x));
  };
  auto got = make_conversation("be brief", "agent:a",
                               {make("alice", "\"one\""), make("agent:a", R"({"text":"two"})")},
                               *make("bob", R"({"n":3})"));
  REQUIRE(got.size() == 4);
  CHECK(got[0].role == "system");
  CHECK(got[1].role == "user");
  CHECK(got[1].content == "one");
  CHECK(got[2].role == "assistant");
  CHECK(got[2].content == "two");
  CHECK(got[3].content == R"({"n":3})");
}

TEST_CASE_METHOD(prompt_fixture,
                 "calls and events of a namespace spend the same tokens, another has its own") {
  plan.bounds.model_tokens_per_min = 5;
  begin();
  recorder bob{"bob"};
  auto& elsewhere = open("other");
  auto b = elsewhere.join(bob);
  call("c1", "\"hello\"");
  advance(1s);
  CHECK(alice.result("alice/c1")->status == run_status::complete);
  call("c2", "\"hello\"");
  REQUIRE(alice.result("alice/c2") != nullptr); // at once
  CHECK(alice.result("alice/c2")->error.reason == "quota");
  CHECK(alice.result("alice/c2")->error.scope == "namespace");
  CHECK(alice.result("alice/c2")->error.retry_after_ms > 0);
  via->publish(a, "p1", event_of("alice", "m1", "chat.room.message", R"("hi")"));
  advance(1s);
  REQUIRE(alice.deliveries.size() == 1); // the agent's question was refused too, and its reply says so
  CHECK(nlohmann::json::parse(alice.deliveries[0].what->data)["error"]["reason"] == "quota");
  auto what = call_of("assistant", "c3");
  what.client_id = "bob";
  elsewhere.call(b, "c3", what);
  advance(1s);
  REQUIRE(bob.result("bob/c3") != nullptr);
  CHECK(bob.result("bob/c3")->status == run_status::complete);
}

TEST_CASE_METHOD(prompt_fixture, "an event for one client is answered to its sender alone") {
  begin();
  recorder bob{"bob"};
  auto b = via->join(bob);
  via->subscribe(b, "chat.*.reply");
  auto what = event_of("alice", "m1", "chat.r1.message", R"({"text":"between us"})");
  what.to = "agent:assistant";
  via->publish(a, "m1", what);
  advance(5s);
  CHECK(alice.deliveries.size() == 1);
  CHECK(bob.deliveries.empty());
}

TEST_CASE("a model is reminded of what its asker may see, and of nothing else") {
  auto made = [](std::string client, std::string to) {
    auto x = std::make_shared<event>();
    x->client_id = std::move(client);
    x->to = std::move(to);
    return event_ptr{x};
  };
  std::vector<event_ptr> all = {made("alice", ""), made("alice", "agent:a"), made("agent:a", "alice"),
                                made("bob", "carol")};
  event now;
  now.client_id = "alice";
  CHECK(seen_by(all, now).size() == 1);
  now.to = "agent:a";
  CHECK(seen_by(all, now) == std::vector<event_ptr>{all[0], all[1], all[2]});
  now.client_id = "bob";
  CHECK(seen_by(all, now).size() == 1); // alice spoke to the agent, not to bob
}
