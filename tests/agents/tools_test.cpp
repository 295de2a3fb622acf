#include "testing/node_fixture.hpp"
#include "testing/scripted_backend.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <functional>

using namespace weir;
using namespace std::chrono_literals;
using nlohmann::json;
using test::recorder;
using test::script;

namespace {

/// What is called as a tool: answers what it is told, or holds the call.
struct finder : agent {
  std::shared_ptr<std::vector<std::string>> inputs;
  std::shared_ptr<bool> holds;
  std::vector<task> held;

  void on_call(const agent_call& what, task job) override {
    inputs->push_back(what.input);
    if (*holds) return held.push_back(job);
    auto q = json::parse(what.input).value("q", "");
    if (q == "broken") return job.fail("the index is broken");
    if (q == "raw") return job.reply({{"depth", 3}});
    job.reply({{"text", "found " + q}});
  }
};

/// An agent whose calls ask a model as the test says.
struct asker : agent {
  std::function<void(task)> ask;
  void on_call(const agent_call&, task job) override { ask(job); }
};

class tools_fixture : public test::node_fixture {
public:
  recorder alice{"alice"};
  std::uint64_t a = 0;
  relay* via = nullptr;
  std::shared_ptr<test::scripted_state> model = std::make_shared<test::scripted_state>();
  std::shared_ptr<std::vector<std::string>> inputs = std::make_shared<std::vector<std::string>>();
  std::shared_ptr<bool> holds = std::make_shared<bool>(false);
  std::function<void(task)> ask;
  agent_config assistant{"assistant", "prompt", {}};
  model_config model_settings;

  tools_fixture() {
    model_settings.name = "default";
    assistant.prompt.on = {"chat.*.message"};
    assistant.prompt.emit = "chat.{1}.reply";
    assistant.prompt.tools = {{"lookup", "Finds.", R"({"type":"object","required":["q"]})", "finder", 2000}};
  }

  void begin() {
    auto pool = make_pool(
        sys, model_settings, [s = model] { return std::make_shared<test::scripted_backend>(s); }, unit);
    own(pool.actor);
    models["default"] = pool;
    registry.add("finder", [this](const agent_config&) {
      auto out = std::make_unique<finder>();
      out->inputs = inputs;
      out->holds = holds;
      return out;
    });
    registry.add("asker", [this](const agent_config&) {
      auto out = std::make_unique<asker>();
      out->ask = [this](task job) { ask(std::move(job)); };
      return out;
    });
    plan.agents = {assistant, {"finder", "finder", {}}, {"asker", "asker", {}}};
    join();
  }

  void join() {
    via = &open("demo");
    a = via->join(alice);
    via->subscribe(a, "chat.*.reply");
    via->subscribe(a, "sys.run.*");
    via->subscribe(a, "sys.call.*");
    run();
  }

  void call(const std::string& target, const std::string& id, std::int64_t timeout_ms = 0) {
    via->call(a, id, call_of(target, id, "\"How deep?\"", timeout_ms, true));
    run();
  }

  static tool_call lookup(std::string id, const std::string& q) {
    return {std::move(id), "lookup", json{{"q", q}}.dump()};
  }

  std::vector<event> events(const std::string& type) {
    std::vector<event> out;
    for (auto& x : alice.deliveries)
      if (x.what->type == type) out.push_back(*x.what);
    return out;
  }

  std::string shown(std::size_t asked, std::size_t message) {
    return model->asked.at(asked).messages.at(message).content;
  }

  static std::string text_in(const run_result& x) { return json::parse(x.output).at("text"); }
};

} // namespace

TEST_CASE_METHOD(tools_fixture, "a prompt agent's model calls another agent and answers with what that found",
                 "[tools]") {
  model->scripts = {script::call({lookup("a", "weir")}, {"One moment. "}), script::answer({"3 m."})};
  begin();
  call("assistant", "c1");
  advance(200ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(text_in(*x) == "One moment. 3 m.");
  CHECK(x->attempts == 2);
  CHECK(*inputs == std::vector<std::string>{R"({"q":"weir"})"});
  REQUIRE(model->asked.size() == 2);
  CHECK(model->asked[0].tools.at(0).name == "lookup");
  CHECK(shown(1, 2) == "found weir");
  auto calls = events("sys.call.finder");
  REQUIRE(calls.size() == 1);
  CHECK(calls[0].client_id == "agent:assistant");
  CHECK(calls[0].message_id.rfind("1.t1.", 0) == 0);
  auto told = events("sys.run.tool");
  REQUIRE(told.size() == 1);
  CHECK(told[0].seq == 0); // ephemeral
  CHECK(json::parse(told[0].data) == json{{"run_id", "alice/c1"}, {"tool", "lookup"}, {"round", 1}});
}

TEST_CASE_METHOD(tools_fixture, "an agent's output is the result as JSON, and its error is an error",
                 "[tools]") {
  model->scripts = {script::call({lookup("a", "raw"), lookup("b", "broken"), {"c", "lookup", "{}"}}),
                    script::answer({"3 m."})};
  begin();
  call("assistant", "c1");
  advance(200ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(shown(1, 2) == R"({"depth":3})");
  CHECK(shown(1, 3) == R"({"error":"the index is broken"})");
  CHECK(shown(1, 4) == R"({"error":"arguments.q: missing"})");
  CHECK(inputs->size() == 2);
}

TEST_CASE_METHOD(tools_fixture, "cancelling a run in the middle of a tool ends the tool's run too",
                 "[tools]") {
  *holds = true;
  model->scripts = {script::call({lookup("a", "weir")}, {"One moment."})};
  begin();
  call("assistant", "c1");
  advance(100ms);
  REQUIRE(inputs->size() == 1);
  auto sub = events("sys.call.finder").at(0).event_id();
  via->cancel(a, "x1", "alice/c1");
  run();
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->status == run_status::cancelled);
  CHECK(text_in(*alice.result("alice/c1")) == "One moment.");
  via->cancel(a, "x2", sub);
  run();
  CHECK(alice.answers.back().second.no.reason == "unknown_run"); // it has ended with the other
}

TEST_CASE_METHOD(tools_fixture,
                 "a run's deadline in the middle of a tool gives what was said, and ends the tool's",
                 "[tools]") {
  *holds = true;
  model->scripts = {script::call({lookup("a", "weir")}, {"One moment."})};
  begin();
  call("assistant", "c1", 300);
  advance(290ms);
  CHECK(alice.result("alice/c1") == nullptr);
  advance(10ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::partial);
  CHECK(x->error.status == code::deadline);
  CHECK(text_in(*x) == "One moment.");
  via->cancel(a, "x", events("sys.call.finder").at(0).event_id());
  run();
  CHECK(alice.answers.back().second.no.reason == "unknown_run");
}

TEST_CASE_METHOD(tools_fixture, "a tool's agent that does not answer within the tool's time has failed",
                 "[tools]") {
  *holds = true;
  assistant.prompt.tools[0].timeout_ms = 200;
  model->scripts = {script::call({lookup("a", "weir")}), script::answer({"unknown"})};
  begin();
  call("assistant", "c1");
  advance(400ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(text_in(*alice.result("alice/c1")) == "unknown");
  CHECK(json::parse(shown(1, 2)).at("error") == "the run's time is over");
}

TEST_CASE_METHOD(tools_fixture, "a prompt agent's model may call tools for an event too", "[tools]") {
  model->scripts = {script::call({lookup("a", "weir")}), script::answer({"3 m."})};
  begin();
  via->publish(a, "m1", event_of("alice", "m1", "chat.room1.message", "\"How deep?\""));
  advance(200ms);
  auto replies = events("chat.room1.reply");
  REQUIRE(replies.size() == 1);
  CHECK(json::parse(replies[0].data).at("text") == "3 m.");
  CHECK(shown(1, 2) == "found weir");
  CHECK(events("sys.call.finder").at(0).message_id.rfind("1.t1.", 0) == 0);
}

TEST_CASE_METHOD(tools_fixture, "the rounds that the configuration allows are the run's", "[tools]") {
  assistant.prompt.tool_rounds = 1;
  model->scripts = {script::call({lookup("a", "weir")}), script::answer({"3 m."})};
  begin();
  call("assistant", "c1");
  advance(200ms);
  REQUIRE(model->asked.size() == 2);
  CHECK(model->asked[1].tools.empty());
}

TEST_CASE_METHOD(tools_fixture, "a run that begins anew after a crash finds the call that it had made",
                 "[tools]") {
  disk = std::make_shared<test::spy>();
  *holds = true;
  for (int i = 0; i < 2; ++i) model->scripts.push_back(script::call({lookup("a", "weir")}));
  model->scripts.push_back(script::answer({"3 m."}));
  begin();
  call("assistant", "c1", 5000);
  advance(100ms);
  REQUIRE(inputs->size() == 1);
  *holds = false;
  restart();
  alice.deliveries.clear();
  join();
  call("assistant", "c1", 5000);
  advance(500ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(text_in(*x) == "3 m.");
  CHECK(model->asked.size() == 3);
  CHECK(inputs->size() == 2);               // the tool's run was taken up as well …
  CHECK(events("sys.call.finder").empty()); // … and is still the one call
}

TEST_CASE_METHOD(tools_fixture, "a run that begins anew gets the result of a call that had ended before",
                 "[tools]") {
  disk = std::make_shared<test::spy>();
  model->scripts = {script::call({lookup("a", "weir")}), script::hang_after({}),
                    script::call({lookup("b", "weir")}), script::call({lookup("c", "lock")}),
                    script::answer({"3 m."})};
  begin();
  call("assistant", "c1", 5000);
  advance(100ms);
  REQUIRE(model->asked.size() == 2); // it has the result, and thinks about it
  restart();
  join();
  call("assistant", "c1", 5000);
  advance(1s);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(text_in(*alice.result("alice/c1")) == "3 m.");
  CHECK(shown(3, 2) == "found weir");
  CHECK(shown(4, 4) == "found lock"); // what it asks for this time only is another call
  CHECK(*inputs == std::vector<std::string>{R"({"q":"weir"})", R"({"q":"lock"})"});
}

TEST_CASE_METHOD(tools_fixture, "an agent in C++ offers functions of its own, at once or later", "[tools]") {
  model->scripts = {script::call({{"a", "gauge", R"({"at":"weir"})"}, {"b", "clock", ""}, lookup("c", "x")}),
                    script::answer({"3 m at noon."})};
  std::string at;
  ask = [&](task job) {
    chat_question what;
    what.messages = {{"user", "How deep?"}};
    tool gauge{"gauge", "How deep it is.", {{"type", "object"}, {"required", {"at"}}}};
    gauge.run = [&](const json& arguments, tool_reply reply) {
      at = arguments.at("at");
      reply.ok({{"depth", 3}});
    };
    tool clock{"clock", "What time it is."};
    clock.run = [job](const json&, tool_reply reply) {
      job.after(80, [reply]() mutable { reply.ok("noon"); });
    };
    tool other{"lookup", "Finds."};
    other.agent = "finder";
    what.tools = {gauge, clock, other};
    job.ask(std::move(what), [job](const model_answer& got) mutable { job.reply(got.text); });
  };
  begin();
  call("asker", "c1");
  advance(60ms);
  CHECK(at == "weir");
  CHECK(model->asked.size() == 1);
  advance(200ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->output == "\"3 m at noon.\"");
  CHECK(shown(1, 2) == R"({"depth":3})");
  CHECK(shown(1, 3) == "noon");
  CHECK(shown(1, 4) == "found x");
  CHECK(events("sys.call.finder").at(0).client_id == "agent:asker");
}

TEST_CASE_METHOD(tools_fixture,
                 "a function that throws, fails or forgets to answer is an error for the model", "[tools]") {
  model->scripts = {script::call({{"a", "throws", ""}, {"b", "fails", ""}, {"c", "forgets", ""}}),
                    script::answer({"I cannot say."})};
  ask = [](task job) {
    chat_question what;
    what.messages = {{"user", "How deep?"}};
    tool throws{"throws", ""}, fails{"fails", ""}, forgets{"forgets", ""};
    throws.run = [](const json&, tool_reply) { throw std::runtime_error("it rains"); };
    fails.run = [](const json&, tool_reply reply) { reply.fail("it snows"); };
    forgets.run = [](const json&, tool_reply) {};
    what.tools = {throws, fails, forgets};
    job.ask(std::move(what), [job](const model_answer& got) mutable { job.reply(got.text); });
  };
  begin();
  call("asker", "c1");
  advance(100ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->output == "\"I cannot say.\"");
  CHECK(shown(1, 2) == R"({"error":"it rains"})");
  CHECK(shown(1, 3) == R"({"error":"it snows"})");
  CHECK(shown(1, 4) == R"({"error":"the tool gave no answer"})");
}

TEST_CASE_METHOD(tools_fixture,
                 "what throws after a tool's answer is the agent's crash, not the tool's error", "[tools]") {
  // The tool takes the queue's only place, so the chat ends with its answer, in the same step.
  model_settings.queue_limit = 1;
  model->scripts = {script::call({{"a", "greedy", ""}})};
  ask = [](task job) {
    chat_question what;
    what.messages = {{"user", "How deep?"}};
    tool greedy{"greedy", ""};
    greedy.run = [job](const json&, tool_reply reply) mutable {
      job.ask("default", {{"user", "Is there room?"}}, [](const model_answer&) {});
      reply.ok("it is full");
    };
    what.tools = {greedy};
    job.ask(std::move(what), [](const model_answer& got) { throw std::runtime_error(got.error.reason); });
  };
  begin();
  via->subscribe(a, "sys.agent.*");
  call("asker", "c1");
  advance(2s);
  CHECK(events("sys.agent.crashed").size() == 1);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->status == run_status::failed);
}

TEST_CASE_METHOD(tools_fixture, "tools that cannot be offered are the author's mistake", "[tools]") {
  std::vector<std::string> said;
  ask = [&](task job) {
    auto run = [](const json&, tool_reply reply) { reply.ok("x"); };
    auto attempt = [&](std::vector<tool> tools) {
      chat_question what;
      what.tools = std::move(tools);
      try {
        job.ask(std::move(what), [](const model_answer&) {});
      } catch (const std::invalid_argument& wrong) {
        said.emplace_back(wrong.what());
      }
    };
    attempt({{"no good", "", json::object(), run}});
    attempt({{"twice", "", json::object(), run}, {"twice", "", json::object(), run}});
    attempt({{"list", "", json::array(), run}});
    attempt({{"nothing", "", json::object()}});
    attempt({{"both", "", json::object(), run, "finder"}});
    attempt({{"never", "", json::object(), run, "", 0}});
    job.reply(nullptr);
  };
  begin();
  call("asker", "c1");
  CHECK(said
        == std::vector<std::string>{
            "tool no good: a name must be 1 to 64 of A-Z a-z 0-9 _ -", "tool twice: is there twice",
            "tool list: parameters must be an object", "tool nothing: needs one of run and agent",
            "tool both: needs one of run and agent", "tool never: timeout_ms must be above 0"});
  CHECK(model->asked.empty());
}

TEST_CASE_METHOD(tools_fixture, "a call's result says what the models used that its agent asked", "[tools]") {
  ask = [](task job) {
    auto question = [] {
      chat_question what;
      what.messages = {{"user", "How deep?"}};
      what.options.temperature = 0.5;
      what.options.stop = {"END"};
      return what;
    };
    job.ask(question(), [job, question](const model_answer& first) mutable {
      job.ask(question(), [job, first](const model_answer& second) mutable {
        job.reply({{"finish", {to_string(first.finish), to_string(second.finish)}},
                   {"refusal", second.refusal_text}});
      });
    });
  };
  auto cut = script::answer({"Three"});
  cut.usage = token_usage{10, 2};
  cut.finish = finish_reason::length;
  auto refuses = script::answer({});
  refuses.usage = token_usage{20, 1};
  refuses.refusal_text = "I cannot.";
  model->scripts = {cut, refuses};
  begin();
  call("asker", "c1");
  advance(200ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(json::parse(x->output) == json{{"finish", {"length", "stop"}}, {"refusal", "I cannot."}});
  CHECK(x->usage.input_tokens == 30);
  CHECK(x->usage.output_tokens == 3);
  REQUIRE(model->asked.size() == 2);
  CHECK(model->asked[0].options.temperature == 0.5);
  CHECK(model->asked[1].options.stop == std::vector<std::string>{"END"});
}

TEST_CASE_METHOD(tools_fixture, "a prompt agent says how its answer ended, in a result and in an event",
                 "[tools]") {
  auto filtered = script::answer({"Thr"});
  filtered.finish = finish_reason::content_filter;
  filtered.refusal_text = "Not that.";
  model->scripts = {filtered, filtered};
  assistant.prompt.request.max_tokens = 64;
  begin();
  call("assistant", "c1");
  advance(200ms);
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(x->finish == finish_reason::content_filter);
  CHECK(x->refusal_text == "Not that.");
  CHECK(model->asked.at(0).options.max_tokens == 64);
  via->publish(a, "m1", event_of("alice", "m1", "chat.x.message", R"({"text":"How deep?"})"));
  advance(200ms);
  auto replies = events("chat.x.reply");
  REQUIRE(replies.size() == 1);
  auto data = json::parse(replies[0].data);
  CHECK(data.at("finish") == "content_filter");
  CHECK(data.at("refusal") == "Not that.");
  CHECK(model->asked.at(1).options.max_tokens == 64);
}
