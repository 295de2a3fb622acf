#include "actors/runs/workflow_run.hpp"
#include "testing/node_fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace std::chrono_literals;
using nlohmann::json;
using test::recorder;

namespace {

/// Says what it was asked, in order; answers at once, or only when it is let go.
struct bookkeeper : agent {
  struct book {
    std::vector<std::string> origins;
    std::vector<task> held;
    bool hold = false;
    std::function<void()> before_reply;
  };

  explicit bookkeeper(std::shared_ptr<book> x) : pages(std::move(x)) {}

  std::vector<std::string> patterns() const override { return {"let.go"}; }
  std::uint32_t concurrency() const override { return 64; }
  void on_event(const event& what, task) override {
    for (auto& job : std::exchange(pages->held, {})) job.reply({{"text", json::parse(what.data)}});
  }
  void on_call(const agent_call& what, task job) override {
    pages->origins.push_back(what.origin);
    if (pages->hold) return pages->held.push_back(job);
    if (pages->before_reply) std::exchange(pages->before_reply, {})();
    job.reply({{"text", what.input}});
  }

  std::shared_ptr<book> pages;
};

class workflow_fixture : public test::node_fixture {
public:
  std::shared_ptr<bookkeeper::book> book = std::make_shared<bookkeeper::book>();
  recorder alice{"alice"};
  std::uint64_t a = 0;
  relay* via = nullptr;

  ~workflow_fixture() { book->held.clear(); }

  void add(const char* name, const json& what) {
    auto read = read_workflow(name, what);
    plan.workflows[name] = std::make_shared<const workflow>(std::get<workflow>(std::move(read)));
  }

  void begin() {
    registry.add("keeper", [this](const agent_config&) { return std::make_unique<bookkeeper>(book); });
    plan.agents.push_back({"keeper", "keeper", {}});
    attach();
  }

  void attach() {
    via = &open("demo");
    a = via->join(alice);
    via->subscribe(a, "sys.run.*");
    run();
  }

  void call(const std::string& target, const std::string& id, std::int64_t timeout_ms = 0) {
    via->call(a, id, call_of(target, id, R"({"text":"hi"})", timeout_ms));
    run();
  }

  void publish(const std::string& id, const std::string& type, const json& data) {
    via->publish(a, id, event_of("alice", id, type, data.dump()));
    run();
  }

  /// All that is held is answered with this.
  void let_go(const char* text) { publish(std::string{"go-"} + text, "let.go", text); }

  void restart_node() {
    auto old = std::exchange(book->held, {}); // these belong to nobody any more
    restart();
    attach();
    advance(1s);
  }

  const run_result* result(const std::string& id) { return alice.result("alice/" + id); }

  std::vector<std::string> told(const std::string& type) {
    std::vector<std::string> out;
    for (auto& x : alice.deliveries)
      if (x.what->type == type) out.push_back(x.what->data);
    return out;
  }

  json runs() {
    admin_query what;
    what.what = admin_query::verb::runs;
    what.ns = "demo";
    what.limit = 100;
    json out;
    caf::scoped_actor self{sys};
    auto asked = self->request(the_host, caf::infinite, what);
    run();
    asked.receive([&](const admin_answer& got) { out = json::parse(got.json); },
                  [](const caf::error& why) { FAIL(to_string(why)); });
    return out;
  }

  static json three() {
    return {{"sequence", {{{"agent", "keeper"}}, {{"agent", "keeper"}}, {{"agent", "echo"}}}}};
  }
  static json approval() {
    return {{"sequence", {{{"agent", "keeper"}}, {{"await", {{"on", "approve.*"}}}}, {{"agent", "keeper"}}}}};
  }
};

} // namespace

TEST_CASE_METHOD(workflow_fixture, "a workflow is called like an agent and goes through its steps") {
  add("three", three());
  begin();
  call("three", "c1");
  auto* x = result("c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(x->attempts == 3);
  CHECK(book->origins == std::vector<std::string>{"1.1", "1.2"});
  CHECK(told("sys.run.started").size() == 1);
  auto steps = told("sys.run.step");
  REQUIRE(steps.size() == 6);
  CHECK(json::parse(steps[0])
        == json{{"run_id", "alice/c1"},
                {"target", "three"},
                {"step", 1},
                {"path", "sequence[0].agent"},
                {"agent", "keeper"},
                {"phase", "started"}});
  CHECK(json::parse(steps[1])["phase"] == "complete");
}

TEST_CASE_METHOD(workflow_fixture, "a run goes on after a restart with the step that it was in") {
  disk = std::make_shared<test::spy>();
  add("three", three());
  begin();
  call("three", "c1");
  CHECK(result("c1") != nullptr);
  book->hold = true;
  call("three", "c2");
  let_go("first");
  CHECK(book->origins == std::vector<std::string>{"1.1", "1.2", "2.1", "2.2"});
  restart_node();
  CHECK(book->origins == std::vector<std::string>{"1.1", "1.2", "2.1", "2.2", "2.2"}); // 2.1 had ended
  let_go("second");
  call("three", "c2"); // who asks again gets its result
  REQUIRE(result("c2") != nullptr);
  CHECK(result("c2")->output == R"({"text":"second"})");
  restart_node(); // nothing is left to take up
  CHECK(book->origins.size() == 5);
  CHECK(runs().empty());
}

TEST_CASE_METHOD(workflow_fixture, "a run waits for a person, also across a restart") {
  disk = std::make_shared<test::spy>();
  add("approval", approval());
  begin();
  call("approval", "c1");
  call("approval", "c2");
  REQUIRE(told("sys.run.waiting").size() == 2);
  auto where = runs();
  REQUIRE(where.size() == 2);
  CHECK(where[0]["run_id"] == "alice/c1");
  CHECK(where[0]["target"] == "approval");
  CHECK(where[0]["at"][0]["waits_for"] == "approve.*");
  restart_node();
  CHECK(runs().size() == 2);
  publish("p1", "approve.x", {{"run_id", "alice/c2"}, {"ok", true}});
  publish("p2", "approve.x", {{"run_id", "nobody/c2"}});
  publish("p3", "approve.x", "not even an object");
  CHECK(runs().size() == 1);
  call("approval", "c2");
  REQUIRE(result("c2") != nullptr);
  auto asked = json::parse(json::parse(result("c2")->output)["text"].get<std::string>());
  CHECK(asked["data"]["ok"] == true);
  CHECK(asked["client_id"] == "alice");
}

TEST_CASE_METHOD(workflow_fixture, "an approval that was given while the node was down is not lost") {
  disk = std::make_shared<test::spy>();
  add("approval", approval());
  begin();
  book->hold = true;
  call("approval", "c1");
  publish("p1", "approve.x", {{"run_id", "alice/c1"}}); // before anybody waits for it
  book->hold = false;
  restart_node();
  call("approval", "c1");
  REQUIRE(result("c1") != nullptr);
  CHECK(result("c1")->status == run_status::complete);
}

TEST_CASE_METHOD(workflow_fixture, "a run that is not kept writes nothing and begins anew") {
  disk = std::make_shared<test::spy>();
  auto loose = approval();
  loose["kept"] = false;
  add("approval", loose);
  begin();
  call("approval", "c1");
  CHECK(book->origins.size() == 1);
  restart_node();
  CHECK(book->origins.size() == 2);
  publish("p1", "approve.x", {{"run_id", "alice/c1"}});
  call("approval", "c1");
  CHECK(result("c1") != nullptr);
}

TEST_CASE_METHOD(workflow_fixture,
                 "a run that is taken up goes on though its workflow is configured no more") {
  disk = std::make_shared<test::spy>();
  auto of_any_run = json{{"await", {{"on", "market.*"}, {"any_run", true}}}};
  add("approval", approval());
  add("market", {{"sequence", {of_any_run, {{"agent", "echo"}}}}});
  begin();
  call("approval", "c1");
  call("market", "c2");
  plan.workflows.clear();
  add("approval", {{"sequence", {{{"await", {{"on", "another.*"}}}}, {{"agent", "echo"}}}}});
  restart_node();
  CHECK(runs()[1]["at"][0]["waits_for"] == "market.*");
  publish("p1", "approve.x", {{"run_id", "alice/c1"}});
  publish("p2", "market.open", 1);
  CHECK(runs().empty());
  CHECK(book->origins.back() == "1.3");
}

TEST_CASE_METHOD(workflow_fixture, "events that come too early and are too many are dropped, and counted") {
  add("approval", approval());
  begin();
  book->hold = true;
  call("approval", "c1");
  for (int i = 0; i < 20; ++i) publish("p" + std::to_string(i), "approve.x", {{"run_id", "alice/c1"}});
  std::string ns = "demo";
  auto* dropped =
      sys.metrics().counter_instance("weir", "runs-awaited-dropped", {{"namespace", ns}}, "", "1", true);
  CHECK(dropped->value() == 4);
  book->hold = false;
  let_go("now");
}

TEST_CASE_METHOD(workflow_fixture, "a cancelled run stops its steps, and its end is told once") {
  disk = std::make_shared<test::spy>();
  add("three", three());
  begin();
  book->hold = true;
  call("three", "c1");
  via->cancel(a, "x", "alice/c1");
  run();
  REQUIRE(result("c1") != nullptr);
  CHECK(result("c1")->status == run_status::cancelled);
  let_go("late");
  CHECK(alice.updates.size() == 1);
  CHECK(told("sys.run.step").size() == 2);
  CHECK(json::parse(told("sys.run.step")[1])["phase"] == "stopped");
}

TEST_CASE_METHOD(workflow_fixture, "a run stands still while the store refuses, and then goes on") {
  disk = std::make_shared<test::spy>();
  add("three", three());
  begin();
  book->before_reply = [this] { disk->fail_next = 2; };
  call("three", "c1");
  CHECK(book->origins.size() == 1);
  advance(5s);
  CHECK(book->origins.size() == 2);
  REQUIRE(result("c1") != nullptr);
  CHECK(result("c1")->status == run_status::complete);
}

TEST_CASE_METHOD(workflow_fixture, "the whole run has a deadline, and a call can ask for an earlier one") {
  add("approval", approval());
  begin();
  call("approval", "c1", 500);
  advance(490ms);
  CHECK(result("c1") == nullptr);
  advance(20ms);
  REQUIRE(result("c1") != nullptr);
  CHECK(result("c1")->status == run_status::failed);
  CHECK(result("c1")->error.status == code::deadline);
}

TEST_CASE_METHOD(workflow_fixture, "an agent that crashes in a step costs the step, not the run") {
  add("two", {{"fallback", {{{"agent", "nobody"}}, {{"agent", "echo"}}}}});
  begin();
  call("two", "c1");
  REQUIRE(result("c1") != nullptr);
  CHECK(result("c1")->status == run_status::degraded);
  CHECK(result("c1")->output == R"({"text":"hi"})");
}
