// Agents that are clients: they take their calls from a queue, and answer in pieces.

#include "tests/support/streams_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

class external_fixture : public test::streams_fixture {
public:
  static void take_calls(test::runner& who, bool ack = true, const std::string& queue = "worker",
                         const std::string& pattern = "sys.call.worker") {
    CHECK_FALSE(who.subscribe("w", pattern, queue, ack).no.refused());
  }
};

} // namespace

TEST_CASE_METHOD(external_fixture, "a client answers a call in pieces, and its caller sees one stream") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  alice.call("c1", "worker");
  CHECK(worker.queued() == "c1");
  CHECK_FALSE(worker.delta("alice/c1", "Grü").no.refused());
  CHECK_FALSE(worker.delta("alice/c1", "ße").no.refused());
  CHECK(alice.streamed("alice/c1") == "Grüße");
  CHECK_FALSE(worker.finish("alice/c1", R"({"n":17})").no.refused());
  worker.tell(session_ack{0, 0, "alice/c1"});
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(x->output == R"({"n":17})");
  CHECK(x->usage.output_tokens == 2);
  REQUIRE(x->parts.size() == 1);
  CHECK(x->parts[0].model == "worker");
  CHECK(x->parts[0].to == 5);
  auto bob = client("bob");
  bob.watch("alice/c1", 3); // the text is remembered, though the output is another
  CHECK(bob.streamed("alice/c1", 3) == "ße");
  CHECK(worker.delta("alice/c1", "more").no.reason == "conflict"); // not in its hands any more
}

TEST_CASE_METHOD(external_fixture, "a client does a step of a workflow, and sees it cancelled with its run") {
  auto read = read_workflow("two", {{"sequence", {{{"agent", "echo"}}, {{"agent", "worker"}}}}});
  plan.workflows["two"] = std::make_shared<const workflow>(std::get<workflow>(std::move(read)));
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  worker.subscribe("r", "sys.run.cancelled");
  alice.call("c1", "two");
  CHECK(worker.queued() == "1.2");
  CHECK_FALSE(worker.finish("agent:two/1.2", R"({"n":17})").no.refused());
  worker.tell(session_ack{0, 0, "agent:two/1.2"});
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::complete);
  CHECK(x->output == R"({"n":17})");
  alice.call("c2", "two");
  alice.cancel("alice/c2");
  REQUIRE(alice.result("alice/c2") != nullptr);
  CHECK(worker.told_of_runs() == std::vector<std::string>{"cancelled agent:two/3.2"});
}

TEST_CASE_METHOD(external_fixture, "a client that gives up fails the run, and says why") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  alice.call("c1", "worker");
  CHECK_FALSE(worker.give_up("alice/c1", "no water").no.refused());
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::failed);
  CHECK(x->error.message == "no water");
  CHECK(x->output == "null");
  CHECK(worker.finish("alice/c1", "1").no.reason == "unknown_run"); // it is over
}

TEST_CASE_METHOD(external_fixture, "a run ends at its deadline, with what there is") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  alice.call("silent", "worker");
  alice.call("half", "worker");
  alice.call("short", "worker", {}, busy_policy::concurrent, 200);
  worker.delta("alice/half", "half an");
  advance(205ms);
  REQUIRE(alice.result("alice/short") != nullptr);
  CHECK(alice.result("alice/half") == nullptr);
  advance(800ms);
  REQUIRE(alice.result("alice/silent") != nullptr);
  CHECK(alice.result("alice/silent")->status == run_status::failed);
  CHECK(alice.result("alice/silent")->error.status == code::deadline);
  REQUIRE(alice.result("alice/half") != nullptr);
  CHECK(alice.result("alice/half")->status == run_status::partial);
  CHECK(alice.result("alice/half")->output == R"({"text":"half an"})");
}

TEST_CASE_METHOD(external_fixture, "only who has the call in hand by the agent's queue may answer it") {
  begin();
  auto alice = client("alice"), worker = client("w1"), other = client("w2"), spy = client("spy");
  take_calls(spy, true, "audit");
  take_calls(other, false, "worker", "sys.call.>"); // another group of that name; it does not acknowledge
  take_calls(worker);
  alice.call("c1", "worker");
  CHECK(spy.queued() == "c1");
  for (auto* who : {&spy, &other, &alice}) {
    auto got = who->delta("alice/c1", "false");
    CHECK(got.no.status == code::conflict);
    CHECK(who->finish("alice/c1", "1").no.status == code::conflict);
  }
  CHECK_FALSE(worker.delta("alice/c1", "true").no.refused());
  CHECK(alice.streamed("alice/c1") == "true");
}

TEST_CASE_METHOD(external_fixture, "only calls of external agents are answered by clients") {
  begin();
  answer_slowly(20);
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker, true, "assistant", "sys.call.assistant");
  alice.call("c1");
  CHECK(worker.queued() == "c1");
  CHECK(worker.delta("alice/c1", "mine").no.reason == "unknown_run");
}

TEST_CASE_METHOD(external_fixture, "the next worker goes on without overlap or hole") {
  begin();
  auto alice = client("alice"), second = client("w2");
  {
    auto first = client("w1");
    take_calls(first);
    alice.call("c1", "worker");
    first.delta("alice/c1", "one two ", 0);
    take_calls(second);
  }
  CHECK(second.queued() == "c1!");
  auto hole = second.delta("alice/c1", "four", 13);
  CHECK(hole.no.status == code::conflict);
  CHECK(hole.no.message == "at: the text has 8 code points: there would be a hole");
  CHECK_FALSE(second.delta("alice/c1", "one ", 0).no.refused()); // there already
  CHECK_FALSE(second.delta("alice/c1", "two three", 4).no.refused());
  CHECK_FALSE(second.delta("alice/c1", " four").no.refused());
  CHECK(alice.streamed("alice/c1") == "one two three four");
  second.finish("alice/c1", R"({"text":"one two three four"})");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->text.empty()); // the output holds it
}

TEST_CASE_METHOD(external_fixture, "a run streams so many bytes, and no more") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  alice.call("c1", "worker");
  const std::string piece(64 * 1024, 'x');
  for (int i = 0; i < 16; ++i) REQUIRE_FALSE(worker.delta("alice/c1", piece).no.refused());
  CHECK(worker.delta("alice/c1", "x").no.status == code::too_large);
  CHECK_FALSE(worker.finish("alice/c1", "1").no.refused());
}

TEST_CASE_METHOD(external_fixture, "workers are told that a run was cancelled") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  worker.subscribe("r", "sys.run.cancelled");
  alice.call("c1", "worker");
  worker.delta("alice/c1", "half");
  alice.cancel("alice/c1");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->status == run_status::cancelled);
  CHECK(alice.result("alice/c1")->output == R"({"text":"half"})");
  CHECK(worker.told_of_runs() == std::vector<std::string>{"cancelled alice/c1"});
  CHECK(worker.delta("alice/c1", "more").no.reason == "unknown_run");
}

TEST_CASE_METHOD(external_fixture, "a worker of a call that waits in its thread is told to try again") {
  begin();
  auto alice = client("alice"), worker = client("w1");
  take_calls(worker);
  alice.call("c1", "worker", "t");
  alice.call("c2", "worker", "t", busy_policy::queue);
  auto early = worker.delta("alice/c2", "early");
  CHECK(early.no.status == code::unavailable);
  CHECK(early.no.retry_after_ms > 0);
  worker.finish("alice/c1", "1");
  CHECK_FALSE(worker.delta("alice/c2", "now").no.refused());
  CHECK(alice.streamed("alice/c2") == "now");
}

TEST_CASE_METHOD(external_fixture, "a call of an external agent is waited for again after a restart") {
  disk = std::make_shared<test::spy>();
  begin();
  {
    auto alice = client("alice"), worker = client("w1");
    take_calls(worker);
    alice.call("c1", "worker", {}, busy_policy::concurrent, 60'000);
    worker.delta("alice/c1", "lost", 0);
    advance(100ms);
  }
  restart();
  via = &open("demo");
  auto alice = client("alice"), worker = client("w2");
  alice.call("c1", "worker", {}, busy_policy::concurrent, 60'000);
  take_calls(worker);
  CHECK(worker.queued() == "c1!");
  CHECK_FALSE(worker.delta("alice/c1", "found", 0).no.refused());
  worker.finish("alice/c1", "1");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.streamed("alice/c1") == "found");
}

TEST_CASE_METHOD(external_fixture, "calls wait for the first worker, but not those that are over by then") {
  if (GENERATE(true, false)) disk = std::make_shared<test::spy>();
  begin();
  auto alice = client("alice");
  alice.call("c1", "worker", {}, busy_policy::concurrent, 100);
  alice.call("c2", "worker", {}, busy_policy::concurrent, 60'000);
  advance(200ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  auto worker = client("w1");
  take_calls(worker);
  CHECK(worker.queued() == "c2");
  worker.finish("alice/c2", "1");
  REQUIRE(alice.result("alice/c2") != nullptr);
  CHECK(alice.result("alice/c2")->status == run_status::complete);
  worker.unsubscribe("w"); // the last member: the queue stays
  alice.call("c3", "worker", {}, busy_policy::concurrent, 60'000);
  take_calls(worker);
  CHECK(worker.queued() == "c3");
}

TEST_CASE_METHOD(external_fixture, "a call whose workers died twice fails at once, as a dead letter") {
  begin();
  auto alice = client("alice");
  alice.subscribe("s", "sys.agent.dead_letter");
  alice.call("c1", "worker", {}, busy_policy::concurrent, 60'000);
  for (auto* name : {"w1", "w2"}) {
    CHECK(alice.result("alice/c1") == nullptr);
    auto worker = client(name);
    take_calls(worker);
    CHECK(worker.queued().substr(0, 2) == "c1");
    worker.delta("alice/c1", "half", 0);
  }
  auto* x = alice.result("alice/c1");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::partial);
  CHECK(x->output == R"({"text":"half"})");
  CHECK(x->error.reason == "dead_letter");
  CHECK(alice.delivered().size() == 1);
  auto late = client("w3");
  take_calls(late);
  CHECK(late.queued().empty());
}

TEST_CASE_METHOD(external_fixture, "a worker that stands still loses its call to another one") {
  begin();
  auto alice = client("alice"), stopped = client("w1"), good = client("w2");
  take_calls(stopped);
  alice.call("c1", "worker", {}, busy_policy::concurrent, 60'000);
  CHECK(stopped.queued() == "c1");
  take_calls(good);
  advance(8s, 100ms);
  stopped.delta("alice/c1", ""); // it is still at it
  advance(9s, 100ms);
  CHECK(good.queued().empty());
  advance(2s, 100ms);
  CHECK(good.queued() == "c1!");
  CHECK(stopped.delta("alice/c1", "late").no.reason == "conflict");
  good.finish("alice/c1", "1");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->output == "1");
}
