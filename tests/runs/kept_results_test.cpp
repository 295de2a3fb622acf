// Results outlive those who waited for them, and the node.

#include "tests/support/streams_fixture.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

class kept_fixture : public test::streams_fixture {
public:
  kept_fixture() { disk = std::make_shared<test::spy>(); }

  void restart_node() {
    restart();
    via = &open("demo");
  }
};

} // namespace

TEST_CASE_METHOD(kept_fixture,
                 "a repeated call of a run that is over gets its whole result after a restart") {
  begin();
  answer_slowly(6);
  std::string output;
  {
    auto alice = client("alice");
    alice.call("c1");
    advance(200ms);
    REQUIRE(alice.result("alice/c1") != nullptr);
    output = alice.result("alice/c1")->output;
  }
  restart_node();
  auto alice = client("alice");
  CHECK(alice.call("c1").duplicate);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->output == output);
  CHECK(alice.result("alice/c1")->parts.size() == 1);
  CHECK(nlohmann::json{{"text", alice.streamed("alice/c1")}}.dump() == output);
  CHECK(model->asked.size() == 1);
  auto bob = client("bob");
  bob.watch("alice/c1", 4);
  CHECK(utf8::code_points(bob.streamed("alice/c1", 4)) == 2);
  CHECK(bob.result("alice/c1") != nullptr);
}

TEST_CASE_METHOD(kept_fixture, "a run that was cut by a crash is done again, and one that was over is not") {
  begin();
  {
    auto alice = client("alice");
    model->scripts = {test::script::answer({"over"}), test::script::hang_after({"half"})};
    alice.call("over");
    alice.call("half", "assistant", {}, busy_policy::concurrent, 60'000);
    advance(60ms);
  }
  restart_node();
  advance(100ms);
  auto alice = client("alice");
  alice.call("over");
  alice.call("half", "assistant", {}, busy_policy::concurrent, 60'000);
  CHECK(alice.streamed("alice/over") == "over");
  CHECK(alice.streamed("alice/half") == "fine");
  CHECK(model->asked.size() == 3);
}

TEST_CASE_METHOD(kept_fixture, "a call is settled, and its result told, only once that is kept") {
  begin();
  auto alice = client("alice");
  alice.call("c1");
  auto bob = client("bob");
  advance(5ms);
  disk->fail_next = 3; // of the commits that come when the run ends, and of what is tried again
  advance(60ms);
  CHECK(alice.streamed("alice/c1") == "fine");
  CHECK(alice.result("alice/c1") == nullptr);
  bob.watch("alice/c1"); // who asks meanwhile waits, too
  CHECK(bob.streamed("alice/c1") == "");
  CHECK(bob.result("alice/c1") == nullptr);
  advance(2s);
  CHECK(disk->fail_next == 0);
  CHECK(alice.result("alice/c1") != nullptr);
  CHECK(bob.streamed("alice/c1") == "fine");
  CHECK(bob.result("alice/c1") != nullptr);
  restart_node();
  auto again = client("alice");
  CHECK(again.call("c1").duplicate);
  CHECK(again.result("alice/c1") != nullptr);
  CHECK(model->asked.size() == 1);
}

TEST_CASE_METHOD(kept_fixture, "a result is forgotten after its time, and its caller is told so") {
  plan.bounds.result_ttl_ms = 1000;
  begin();
  {
    auto alice = client("alice");
    alice.call("c1");
    advance(100ms);
    REQUIRE(alice.result("alice/c1") != nullptr);
  }
  advance(1s);
  restart_node();
  auto alice = client("alice");
  CHECK(alice.call("c1").duplicate);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->status == run_status::failed);
  CHECK(alice.result("alice/c1")->error.reason == "unknown_run");
  CHECK(alice.watch("alice/c1").no.reason == "unknown_run");
}

TEST_CASE_METHOD(kept_fixture, "a result that is too large for the store is kept in memory") {
  begin();
  model->scripts = {test::script::answer({std::string(300 * 1024, 'x')})};
  {
    auto alice = client("alice");
    alice.call("c1");
    advance(100ms);
    auto bob = client("bob");
    bob.watch("alice/c1");
    REQUIRE(bob.result("alice/c1") != nullptr);
    CHECK(bob.result("alice/c1")->status == run_status::complete);
  }
  restart_node();
  auto alice = client("alice");
  alice.watch("alice/c1");
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->error.reason == "too_large");
  CHECK(alice.call("c1").duplicate); // and it is not done again
  advance(100ms);
  CHECK(model->asked.size() == 1);
}

TEST_CASE_METHOD(kept_fixture, "an external agent's result and a cancel are answered once they are kept") {
  begin();
  auto alice = client("alice");
  alice.call("c1", "worker");
  alice.call("c2", "worker");
  auto worker = client("worker");
  CHECK_FALSE(worker.subscribe("w", "sys.call.worker", "worker").no.refused());
  advance(50ms); // what else is to be kept is
  disk->fail_next = 2;
  auto answered = worker.answers.size();
  worker.finish("alice/c1", "1");
  CHECK(worker.answers.size() == answered);
  worker.cancel("alice/c2");
  CHECK(worker.answers.size() == answered);
  CHECK(worker.finish("alice/c1", "2").no.reason == "unknown_run"); // another worker is too late
  advance(1s);
  REQUIRE(worker.answers.size() == answered + 3);
  for (auto i = answered + 1; i < answered + 3; ++i) CHECK_FALSE(worker.answers[i].second.no.refused());
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(alice.result("alice/c1")->output == "1");
  CHECK(alice.result("alice/c2")->status == run_status::cancelled);
}

TEST_CASE_METHOD(kept_fixture, "nothing of a namespace that is not durable is in the store") {
  plan.keep = durability::none;
  begin();
  auto before = disk->groups.size();
  auto alice = client("alice");
  alice.call("c1", "assistant", "t");
  advance(100ms);
  REQUIRE(alice.result("alice/c1") != nullptr);
  CHECK(disk->groups.size() == before);
  alice.call("c2", "assistant", "t");
  advance(100ms);
  CHECK(model->asked.at(1).messages.size() == 3); // in memory it is remembered
}
