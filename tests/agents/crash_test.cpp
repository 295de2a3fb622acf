// What a handler that throws costs, who is told, and when an agent is given up.

#include "actors/agents/agent_host.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "testing/node_fixture.hpp"

#include <caf/telemetry/collector/prometheus.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <set>

using namespace weir;
using namespace std::chrono_literals;
using nlohmann::json;
using test::recorder;

namespace {

/// What the author of `clumsy` is told from outside.
struct script {
  bool starts = true;
  std::vector<std::string> patterns = {"in.*"};
  int made = 0;
  int again = 0; // tries that were not the first
  std::string emits = "1";
};

/// Does what its input says.
struct clumsy : agent {
  std::shared_ptr<script> plan;

  std::vector<std::string> patterns() const override { return plan->patterns; }
  void on_start() override {
    if (!plan->starts) throw std::runtime_error("no water");
  }
  void on_event(const event& what, task job) override {
    if (job.again()) ++plan->again;
    if (what.data == "\"throw\"") throw std::runtime_error("cannot digest it");
    if (what.data == "\"later\"") return job.after(50, [job] { throw std::runtime_error("too late"); });
    if (what.data == "\"count\"") { // another answer each time
      job.emit("out.x", ++made);
      throw std::runtime_error("after the emit");
    }
    if (what.data == "\"large\"") return job.emit("out.x", std::string(agent_host::max_emit_bytes, 'x'));
    job.emit("out.x", json::parse(what.data));
  }
  void on_call(const agent_call& what, task job) override {
    auto input = json::parse(what.input);
    if (input.is_number()) job.reply("Hello " + input.get<std::string>()); // throws: it is no text
    if (input == "odd") throw 17;
    if (input == "later") return job.after(50, [job] { throw std::runtime_error("too late"); });
    if (input == "large") return job.reply(std::string(agent_host::max_reply_bytes, 'x'));
    if (input == "caught") {
      try {
        job.reply(std::string(agent_host::max_reply_bytes, 'x'));
      } catch (const std::length_error& no) {
        return job.reply("less");
      }
    }
    if (input == "hold") {
      held.push_back(job);
      return;
    }
    job.reply(input);
  }
  int made = 0;
  std::vector<task> held;
};

/// Hears what the other one says, and says the same.
struct echoing : agent {
  explicit echoing(std::string from, std::string to) : from(std::move(from)), to(std::move(to)) {}
  std::vector<std::string> patterns() const override { return {from}; }
  void on_event(const event&, task job) override { job.emit(to, "and you?"); }
  void on_call(const agent_call&, task job) override {
    job.call(to, 1, [job](const call_result& got) {
      job.reply({{"reason", got.error.reason}, {"of", json::parse(got.output)}});
    });
  }
  std::string from, to;
};

class crash_fixture : public test::node_fixture {
public:
  std::shared_ptr<script> plans = std::make_shared<script>();
  recorder alice{"alice"};
  std::uint64_t a = 0;
  relay* via = nullptr;

  void begin() {
    registry.add("clumsy", [this](const agent_config&) {
      auto out = std::make_unique<clumsy>();
      out->plan = plans;
      ++plans->made;
      return out;
    });
    plan.agents.push_back({"greeter", "clumsy", {}});
    listen();
  }

  void listen() {
    via = &open("demo");
    a = via->join(alice);
    for (auto* pattern : {"out.*", "ping", "pong", "sys.agent.*"}) via->subscribe(a, pattern);
    run();
  }

  void publish(const std::string& id, const std::string& data, const std::string& to = {}) {
    auto what = event_of("alice", id, "in.x", data);
    what.to = to;
    via->publish(a, id, what);
    run();
  }

  const run_result& call(const std::string& id, const std::string& input,
                         const std::string& target = "greeter") {
    via->call(a, id, call_of(target, id, input));
    advance(100ms);
    REQUIRE(alice.result("alice/" + id) != nullptr);
    return *alice.result("alice/" + id);
  }

  /// The events of this type, by what they say.
  std::vector<json> told(const std::string& type) const {
    std::vector<json> out;
    for (auto& x : alice.deliveries)
      if (x.what->type == type) out.push_back(json::parse(x.what->data));
    return out;
  }

  admin_answer ask(admin_query::verb verb, const std::string& ns = "demo", const std::string& agent = {}) {
    admin_query what;
    what.what = verb;
    what.ns = ns;
    what.agent = agent;
    what.limit = 100;
    admin_answer out;
    caf::scoped_actor self{sys};
    auto pending = self->request(the_host, caf::infinite, what);
    run();
    pending.receive([&](admin_answer& got) { out = std::move(got); },
                    [](const caf::error& why) { FAIL(to_string(why)); });
    return out;
  }

  /// What an operator is told of an agent.
  json agent_named(const std::string& name) {
    for (auto& x : json::parse(ask(admin_query::verb::agents).json))
      if (x["agent"] == name) return x;
    FAIL("no agent " + name);
    return {};
  }

  std::string metrics() {
    caf::telemetry::collector::prometheus collector;
    auto text = collector.collect_from(sys.metrics());
    return {text.begin(), text.end()};
  }
};

} // namespace

// -- a handler that throws

TEST_CASE_METHOD(crash_fixture, "a call whose handler throws fails, and the agent goes on, however often") {
  begin();
  for (int i = 1; i <= 6; ++i) {
    auto got = call("c" + std::to_string(i), "12");
    CHECK(got.status == run_status::failed);
    CHECK(got.error.status == code::internal);
    for (auto* part : {"agent greeter", "on_call", "type must be string, but is number"})
      CHECK(got.error.message.find(part) != std::string::npos);
    CHECK(got.error.message.find("alice/c" + std::to_string(i)) != std::string::npos);
  }
  CHECK(call("c7", "\"Ann\"").output == "\"Ann\"");
  CHECK(plans->made == 1); // the same one
  auto crashes = told("sys.agent.crashed");
  REQUIRE(crashes.size() == 6);
  CHECK(crashes[0]["agent"] == "greeter");
  CHECK(crashes[0]["handler"] == "on_call");
  CHECK(crashes[0]["event_id"] == "alice/c1");
  CHECK(crashes[0]["error"].get<std::string>().find("type must be string") != std::string::npos);
  CHECK(told("sys.agent.restarting").empty());
  CHECK(agent_named("greeter")["state"] == "ready");
  CHECK(metrics().find("weir_agents_crashes_total{agent=\"greeter\",namespace=\"demo\"} 6")
        != std::string::npos);
}

TEST_CASE_METHOD(crash_fixture, "what is thrown need be no exception, and may come later") {
  begin();
  CHECK(call("c1", "\"odd\"").error.message.find("no std::exception") != std::string::npos);
  auto late = call("c2", "\"later\"");
  CHECK(late.error.message.find("continuation: too late") != std::string::npos);
  CHECK(call("c3", "\"Ann\"").status == run_status::complete);
}

TEST_CASE_METHOD(crash_fixture,
                 "an event whose handler throws is offered once more, then it is a dead letter") {
  begin();
  auto input = std::string{"\"throw\""};
  auto handler = std::string{"on_event"};
  SECTION("at once") {}
  SECTION("in a continuation") {
    input = "\"later\"";
    handler = "continuation";
  }
  publish("m1", input);
  publish("m2", "7");
  advance(1s);
  CHECK(plans->again == 1);
  auto crashes = told("sys.agent.crashed");
  REQUIRE(crashes.size() == 2);
  CHECK(crashes[1]["handler"] == handler);
  CHECK(crashes[1]["event_id"] == "alice/m1");
  auto letters = told("sys.agent.dead_letter");
  REQUIRE(letters.size() == 1);
  CHECK(letters[0]["event_id"] == "alice/m1");
  CHECK(letters[0]["attempts"] == 2);
  CHECK(letters[0]["error"].get<std::string>().rfind(handler + ": ", 0) == 0);
  CHECK(told("out.x") == std::vector<json>{7});
}

TEST_CASE_METHOD(crash_fixture, "what an event for one client made its agent throw is told to nobody else") {
  begin();
  publish("m1", "\"throw\"", "bob");
  for (auto* type : {"sys.agent.crashed", "sys.agent.dead_letter"}) {
    auto all = told(type);
    REQUIRE_FALSE(all.empty());
    CHECK_FALSE(all[0].contains("error"));
  }
  auto letters = json::parse(ask(admin_query::verb::dead_letters).json);
  CHECK(letters[0]["error"] == "on_event: cannot digest it"); // the operator's
}

TEST_CASE_METHOD(crash_fixture,
                 "an agent that fails on each event is told of so often, and the rest is counted") {
  begin();
  for (int i = 0; i < 20; ++i) publish("m" + std::to_string(i), "\"throw\"");
  CHECK(told("sys.agent.crashed").size() == agent_host::max_reports);
  advance(11s, 1s);
  publish("m20", "\"throw\"");
  CHECK(told("sys.agent.crashed")[agent_host::max_reports]["left_out"] == 40 - agent_host::max_reports);
}

// -- bounds of what a task says

TEST_CASE_METHOD(crash_fixture, "a reply or an event that is too large is refused to the agent, as 413") {
  begin();
  auto got = call("c1", "\"large\"");
  CHECK(got.status == run_status::failed);
  CHECK(got.error.status == code::too_large);
  CHECK(got.error.reason == "too_large");
  CHECK(got.error.limit == agent_host::max_reply_bytes);
  CHECK(call("c2", "\"caught\"").output == "\"less\"");
  publish("m1", "\"large\"");
  CHECK(told("out.x").empty());
  CHECK(told("sys.agent.dead_letter").size() == 1);
}

TEST_CASE_METHOD(crash_fixture, "an emit that differs on the second try is counted, not dropped in silence") {
  begin();
  publish("m1", "\"count\"");
  advance(1s);
  CHECK(told("out.x") == std::vector<json>{1}); // of the first try
  CHECK(metrics().find(
            "weir_agents_emits_lost_total{agent=\"greeter\",namespace=\"demo\",reason=\"conflict\"} 1")
        != std::string::npos);
}

// -- an agent that cannot start

TEST_CASE_METHOD(crash_fixture,
                 "an agent that cannot start has failed, and is tried again after the window") {
  plans->starts = false;
  plan.bounds.agent_restarts = 3;
  plan.bounds.agent_restart_window_ms = 60'000;
  begin();
  CHECK(agent_named("greeter")["state"] == "restarting");
  advance(10s, 100ms);
  CHECK(plans->made == 4);
  CHECK(told("sys.agent.restarting").size() == 2); // the first was before she listened
  REQUIRE(told("sys.agent.failed").size() == 1);
  CHECK(told("sys.agent.failed")[0]["error"] == "no water");
  auto state = agent_named("greeter");
  CHECK(state["state"] == "failed");
  CHECK(state["error"] == "no water");
  CHECK(state["since_ms"].get<std::int64_t>() <= now_ms());
  auto no = call("c1", "\"Ann\"");
  CHECK(no.error.status == code::unavailable);
  CHECK(call("c2", "\"hi\"", "echo").output == "\"hi\""); // the others do not notice
  plans->starts = true;
  advance(60s, 1s);
  CHECK(agent_named("greeter")["state"] == "ready");
  CHECK(call("c3", "\"Ann\"").output == "\"Ann\"");
}

TEST_CASE_METHOD(crash_fixture, "an operator starts an agent that has failed, or one that runs") {
  plans->starts = false;
  plan.bounds.agent_restarts = 1;
  begin();
  advance(2s, 100ms);
  CHECK(agent_named("greeter")["state"] == "failed");
  plans->starts = true;
  auto got = ask(admin_query::verb::restart, "", "greeter"); // wherever it runs
  CHECK_FALSE(got.no.refused());
  CHECK(json::parse(got.json)[0] == json{{"namespace", "demo"}, {"agent", "greeter"}, {"restarted", true}});
  CHECK(agent_named("greeter")["state"] == "ready");
  CHECK(call("c1", "\"Ann\"").status == run_status::complete);
  auto made = plans->made;
  ask(admin_query::verb::restart, "demo", "greeter");
  CHECK(plans->made == made + 1);
  CHECK(call("c2", "\"Ann\"").status == run_status::complete);
  CHECK(ask(admin_query::verb::restart, "demo", "nobody").no.status == code::not_found);
}

TEST_CASE_METHOD(crash_fixture,
                 "an agent with a pattern that is none does not start, and the pattern is named") {
  plans->patterns = {"in.x", "in..x"};
  plan.bounds.agent_restarts = 1;
  begin();
  advance(2s, 100ms);
  auto state = agent_named("greeter");
  CHECK(state["state"] == "failed");
  CHECK(state["error"] == "patterns: in..x has an empty token");
}

TEST_CASE_METHOD(crash_fixture, "an operator sees what an agent has in hand, and for how long") {
  begin();
  via->call(a, "c1", call_of("greeter", "c1", "\"hold\"", 60'000));
  publish("m1", "\"later\"");
  advance(40ms);
  auto tasks = agent_named("greeter")["in_hand"];
  REQUIRE(tasks.size() == 2);
  CHECK(tasks[0]["event_id"] == "alice/m1");
  CHECK(tasks[0]["for_ms"] == 40);
  CHECK(tasks[1]["run_id"] == "alice/c1");
  CHECK(tasks[1]["for_ms"] == 40);
}

// -- loops

TEST_CASE_METHOD(crash_fixture, "agents that hear each other stop after so many hops, with a dead letter") {
  plan.bounds.hops = 8;
  registry.add("ping", [](const agent_config&) { return std::make_unique<echoing>("ping", "pong"); });
  registry.add("pong", [](const agent_config&) { return std::make_unique<echoing>("pong", "ping"); });
  plan.agents.push_back({"p1", "ping", {}});
  plan.agents.push_back({"p2", "pong", {}});
  listen();
  via->publish(a, "m1", event_of("alice", "m1", "ping"));
  advance(5s, 100ms);
  CHECK(told("ping").size() + told("pong").size() == 10); // hers, and hops 1 to 9
  REQUIRE(told("sys.agent.dead_letter").size() == 1);
  CHECK(told("sys.agent.dead_letter")[0]["error"]
        == "hops: 9 agents, workflows and calls have led to it, limits.hops is 8");
  CHECK(metrics().find("weir_hops_exceeded_total{namespace=\"demo\"} 1") != std::string::npos);
}

TEST_CASE_METHOD(crash_fixture,
                 "an agent that calls itself is stopped after so many hops, and each caller is told") {
  plan.bounds.hops = 3;
  registry.add("loop", [](const agent_config&) { return std::make_unique<echoing>("none", "loop"); });
  plan.agents.push_back({"loop", "loop", {}});
  listen();
  auto got = call("c1", "1", "loop");
  CHECK(got.status == run_status::complete);
  auto inner = json::parse(got.output);
  for (int i = 0; i < 3; ++i) inner = inner["of"];
  CHECK(inner["reason"] == "hops");
  CHECK(json::parse(ask(admin_query::verb::dead_letters).json).size() == 1);
}

TEST_CASE_METHOD(crash_fixture,
                 "an agent that fails on what is told of its failures does not go on for ever") {
  plans->patterns = {"sys.agent.*", "in.*"};
  plan.bounds.hops = 4;
  registry.add("angry", [](const agent_config&) {
    struct angry : agent {
      std::vector<std::string> patterns() const override { return {"sys.agent.*", "in.*"}; }
      std::uint32_t concurrency() const override { return 10; }
      void on_event(const event&, task) override { throw std::runtime_error("not again"); }
    };
    return std::make_unique<angry>();
  });
  plan.agents.push_back({"angry", "angry", {}});
  listen();
  via->publish(a, "m1", event_of("alice", "m1", "in.x"));
  advance(60s, 1s);
  auto head = told("sys.agent.crashed").size() + told("sys.agent.dead_letter").size();
  CHECK(head < 200);
  advance(60s, 1s);
  CHECK(told("sys.agent.crashed").size() + told("sys.agent.dead_letter").size() == head);
}

// -- a process that dies

TEST_CASE_METHOD(crash_fixture,
                 "an event in hand at two deaths of the process is a dead letter, and the next one is not") {
  disk = std::make_shared<test::spy>();
  begin();
  auto die = [this] { // at once: nothing is written on the way
    disk->fail_next = 1'000'000;
    caf::anon_send_exit(the_host, caf::exit_reason::kill);
    run();
    disk->fail_next = 0;
    alice.deliveries.clear();
    start();
    listen();
  };
  publish("m1", "\"later\"");
  advance(30ms);
  die();
  CHECK(plans->again == 1);
  die();
  advance(1s);
  auto letters = json::parse(ask(admin_query::verb::dead_letters).json);
  REQUIRE(letters.size() == 1);
  CHECK(letters[0]["event_id"] == "alice/m1");
  CHECK(letters[0]["error"] == "the process died while it was in hand");
  publish("m2", "7");
  advance(100ms);
  CHECK(told("out.x") == std::vector<json>{7});
}
