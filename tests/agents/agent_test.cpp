#include "actors/namespace/namespace_actor.hpp"
#include "testing/node_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <set>

using namespace weir;
using namespace std::chrono_literals;
using test::recorder;

using ids = std::vector<std::string>;

namespace {

/// Emits each event again, and crashes on those that it is told to.
struct fragile : agent {
  std::shared_ptr<std::map<std::string, int>> seen;
  std::set<std::string> poison;

  std::vector<std::string> patterns() const override { return {"in.*"}; }
  void on_event(const event& what, task job) override {
    ++(*seen)[what.message_id];
    if (poison.count(what.message_id) > 0) throw std::runtime_error("cannot digest " + what.message_id);
    job.emit("out." + what.type.substr(3), {{"of", what.message_id}, {"again", job.again()}});
  }
  void on_call(const agent_call& what, task job) override {
    if (what.input == "\"crash\"") throw std::runtime_error("crash");
    if (what.input == "\"silent\"") return;
    if (what.input == "\"hold\"") return held.push_back(job);
    job.reply({{"from", what.client_id}});
  }
  std::vector<task> held;
};

class agent_fixture : public test::node_fixture {
public:
  std::shared_ptr<std::map<std::string, int>> seen = std::make_shared<std::map<std::string, int>>();
  std::set<std::string> poison;
  recorder alice{"alice"};
  std::uint64_t a = 0;
  relay* via = nullptr;

  void begin() {
    registry.add("fragile", [this](const agent_config&) {
      auto out = std::make_unique<fragile>();
      out->seen = seen;
      out->poison = poison;
      return out;
    });
    plan.agents.push_back({"frail", "fragile", {}});
    via = &open("demo");
    a = via->join(alice);
    via->subscribe(a, "out.*");
    via->subscribe(a, "sys.agent.*");
    run();
  }

  void publish(const std::string& id) {
    via->publish(a, id, event_of("alice", id, "in.x"));
    run();
  }

  void call(const std::string& target, const std::string& id, const std::string& input,
            std::int64_t timeout_ms = 0) {
    via->call(a, id, call_of(target, id, input, timeout_ms));
    run();
  }

  /// What was emitted for which event, in order; sys events by their last token.
  ids got() {
    ids out;
    for (auto& x : alice.deliveries) {
      auto& e = *x.what;
      if (e.type.rfind("sys.", 0) == 0)
        out.push_back(e.type.substr(e.type.rfind('.') + 1));
      else
        out.push_back(nlohmann::json::parse(e.data)["of"]);
    }
    return out;
  }

  const dead_letters& dead() { return deref<namespace_actor>(alice.attachments[0].ns).dead(); }
};

} // namespace

TEST_CASE_METHOD(agent_fixture, "an agent gets the events of its patterns and emits as itself") {
  begin();
  publish("m1");
  publish("m2");
  CHECK(got() == ids{"m1", "m2"});
  CHECK(alice.deliveries[0].what->client_id == "agent:frail");
  CHECK(alice.deliveries[0].what->message_id == "1.0"); // of seq 1, its first
}

TEST_CASE_METHOD(
    agent_fixture,
    "an event that crashes its agent is tried twice, then is a dead letter, and the next goes on") {
  poison = {"m3"};
  begin();
  for (auto* id : {"m1", "m2", "m3", "m4", "m5"}) publish(id);
  advance(2s);
  CHECK((*seen)["m3"] == 2);
  CHECK((*seen)["m4"] == 1);
  CHECK(got() == ids{"m1", "m2", "crashed", "crashed", "dead_letter", "m4", "m5"});
  REQUIRE(dead().all().size() == 1);
  auto& letter = dead().all()[0];
  CHECK(letter.what->message_id == "m3");
  CHECK(letter.subscription == "agent.frail");
  CHECK(letter.attempts == 2);
}

TEST_CASE_METHOD(agent_fixture, "a call is answered with what the agent replies") {
  begin();
  call("frail", "c1", "\"hi\"");
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(x->output == R"({"from":"alice"})");
}

TEST_CASE_METHOD(agent_fixture, "calls that an agent crashes on, drops or sits on end all the same") {
  begin();
  call("frail", "c1", "\"crash\"");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->status == run_status::failed);
  advance(1s);
  call("frail", "c2", "\"silent\"");
  REQUIRE(alice.result("alice/c2") != nullptr);
  CHECK(alice.result("alice/c2")->error.message == "the agent gave no answer");
  call("frail", "c3", "\"hold\"", 700);
  advance(690ms);
  CHECK(alice.result("alice/c3") == nullptr);
  advance(20ms);
  REQUIRE(alice.result("alice/c3") != nullptr);
  CHECK(alice.result("alice/c3")->error.status == code::deadline);
}

TEST_CASE_METHOD(agent_fixture, "a call can be cancelled, and a repeat of it waits for the same result") {
  begin();
  call("frail", "c1", "\"hold\"");
  call("frail", "c1", "\"hold\"");
  CHECK(alice.answers.back().second.duplicate);
  recorder again("alice"); // another connection of hers
  auto b = via->join(again);
  via->call(b, "c1", call_of("frail", "c1", "\"hold\""));
  via->cancel(a, "x1", "alice/c1");
  run();
  CHECK(alice.answers.back().first == "x1");
  CHECK(!alice.answers.back().second.no.refused());
  for (auto* who : {&alice, &again}) {
    REQUIRE(who->updates.size() == 1); // each connection once
    CHECK(who->updates[0].result.status == run_status::cancelled);
  }
  via->cancel(a, "x2", "alice/c1");
  run();
  CHECK(alice.answers.back().second.no.reason == "unknown_run");
  call("frail", "c1", "\"hold\""); // finished: the result is remembered
  CHECK(alice.updates.back().result.status == run_status::cancelled);
  CHECK(alice.updates.size() == 2);
}

TEST_CASE_METHOD(agent_fixture, "what is not there cannot be called") {
  begin();
  call("nobody", "c1", "1");
  CHECK(alice.answers.back().second.no.reason == "unknown_target");
}

TEST_CASE_METHOD(agent_fixture, "runs in flight are bounded and the next call is told to come again") {
  plan.bounds.runs = 2;
  begin();
  call("frail", "c1", "\"hold\"");
  call("frail", "c2", "\"hold\"");
  call("frail", "c3", "\"hold\"");
  auto& no = alice.answers.back().second.no;
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "namespace_full");
  CHECK(no.limit == 2);
  CHECK(no.retry_after_ms > 0);
  via->cancel(a, "x", "alice/c1");
  run();
  call("frail", "c3", "\"hi\"");
  CHECK(alice.result("alice/c3") != nullptr);
}
