// Calls of one thread: in which order, and what the model is reminded of.

#include "tests/support/streams_fixture.hpp"

#include "actors/runs/thread_memory.hpp"

using namespace weir;
using namespace std::chrono_literals;

namespace {

class thread_fixture : public test::streams_fixture {
public:
  /// What the model was asked by its nth request, without the system message.
  std::vector<std::string> asked(std::size_t n) const {
    std::vector<std::string> out;
    for (auto& x : model->asked.at(n).messages) out.push_back(x.content);
    return out;
  }

  static run_status status_of(const test::runner& who, const std::string& run_id) {
    auto* x = who.result(run_id);
    REQUIRE(x != nullptr);
    return x->status;
  }
};

using texts = std::vector<std::string>;

} // namespace

TEST_CASE_METHOD(thread_fixture, "a call that queues begins when those before it in its thread are over") {
  begin();
  auto alice = client("alice");
  for (int i = 0; i < 3; ++i) answer_slowly(10);
  for (auto* id : {"a", "b", "c"}) alice.call(id, "assistant", "t", busy_policy::queue);
  alice.call("other", "assistant", "u", busy_policy::queue);
  advance(50ms);
  REQUIRE(model->asked.size() == 2);
  CHECK(asked(0).back() == "a");
  CHECK(asked(1).back() == "other");
  advance(100ms);
  REQUIRE(model->asked.size() == 3);
  CHECK(asked(2).back() == "b");
  advance(500ms);
  for (auto* id : {"alice/a", "alice/b", "alice/c"}) CHECK(status_of(alice, id) == run_status::complete);
}

TEST_CASE_METHOD(thread_fixture, "waiting in a thread counts against the call's time") {
  begin();
  auto alice = client("alice");
  model->scripts.push_back(test::script::hang_after({"x"}));
  alice.call("a", "assistant", "t", busy_policy::queue, 500);
  alice.call("b", "assistant", "t", busy_policy::queue, 200);
  advance(195ms);
  CHECK(alice.result("alice/b") == nullptr);
  advance(10ms);
  REQUIRE(alice.result("alice/b") != nullptr);
  CHECK(alice.result("alice/b")->error.status == code::deadline);
  CHECK(alice.result("alice/b")->elapsed_ms >= 200);
  alice.call("c", "assistant", "t", busy_policy::queue, 1000);
  advance(350ms); // a's time is over
  CHECK(status_of(alice, "alice/a") == run_status::partial);
  CHECK(status_of(alice, "alice/c") == run_status::complete);
}

TEST_CASE_METHOD(thread_fixture, "so many wait in a thread, and the next one fails") {
  plan.bounds.thread_queue = 2;
  begin();
  auto alice = client("alice");
  model->scripts.push_back(test::script::hang_after({}));
  for (auto* id : {"a", "b", "c", "d"}) alice.call(id, "assistant", "t", busy_policy::queue);
  auto* x = alice.result("alice/d");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::failed);
  CHECK(x->error.status == code::too_many);
  CHECK(x->error.reason == "thread_full");
  CHECK(x->error.retry_after_ms > 0);
  CHECK(x->error.limit == 2);
  CHECK(alice.result("alice/c") == nullptr);
}

TEST_CASE_METHOD(thread_fixture, "a call that rejects fails while its thread is busy") {
  begin();
  auto alice = client("alice");
  answer_slowly(10);
  alice.call("a", "assistant", "t");
  alice.call("b", "assistant", "t", busy_policy::reject);
  auto* x = alice.result("alice/b");
  REQUIRE(x != nullptr);
  CHECK(x->status == run_status::failed);
  CHECK(x->error.status == code::conflict);
  CHECK(x->error.reason == "busy");
  advance(200ms);
  alice.call("c", "assistant", "t", busy_policy::reject);
  advance(50ms);
  CHECK(status_of(alice, "alice/c") == run_status::complete);
}

TEST_CASE_METHOD(thread_fixture, "a call that replaces cancels what runs and what waits, and then begins") {
  begin();
  auto alice = client("alice");
  model->scripts.push_back(test::script::hang_after({"x"}));
  alice.call("a", "assistant", "t");
  alice.call("b", "assistant", "t", busy_policy::queue);
  advance(30ms);
  alice.call("c", "assistant", "t", busy_policy::replace);
  CHECK(status_of(alice, "alice/a") == run_status::cancelled);
  CHECK(status_of(alice, "alice/b") == run_status::cancelled);
  advance(50ms);
  CHECK(status_of(alice, "alice/c") == run_status::complete);
  CHECK(model->open == 0);
}

TEST_CASE_METHOD(thread_fixture, "a call that waits in its thread can be watched and cancelled") {
  begin();
  auto alice = client("alice"), bob = client("bob");
  model->scripts.push_back(test::script::hang_after({}));
  alice.call("a", "assistant", "t");
  alice.call("b", "assistant", "t", busy_policy::queue);
  CHECK_FALSE(bob.watch("alice/b").no.refused());
  CHECK_FALSE(alice.cancel("alice/b").no.refused());
  CHECK(status_of(alice, "alice/b") == run_status::cancelled);
  CHECK(status_of(bob, "alice/b") == run_status::cancelled);
  CHECK(model->asked.size() == 1);
}

TEST_CASE_METHOD(thread_fixture,
                 "a prompt agent is reminded of what was said in the thread, and of no other") {
  begin();
  auto alice = client("alice"), bob = client("bob");
  model->scripts = {test::script::answer({"one", " more"}), test::script::answer({"two"}),
                    test::script::answer({"three"}), test::script::answer({"four"})};
  alice.call("a", "assistant", "t");
  advance(50ms);
  bob.call("b", "assistant", "t"); // a thread is of the namespace, not of one client
  advance(50ms);
  alice.call("c", "assistant", "u");
  alice.call("d");
  advance(50ms);
  CHECK(asked(1) == texts{"a", "one more", "b"});
  CHECK(asked(2) == texts{"c"});
  CHECK(asked(3) == texts{"d"});
  CHECK(model->asked[1].messages[1].role == "assistant");
}

TEST_CASE_METHOD(thread_fixture, "what failed or was cancelled is not remembered") {
  begin();
  auto alice = client("alice");
  model->scripts = {test::script::hang_after({"half"}),
                    test::script::fail_after({}, code::bad_request, false), test::script::answer({"fine"})};
  alice.call("a", "assistant", "t");
  advance(30ms);
  alice.cancel("alice/a");
  alice.call("b", "assistant", "t");
  advance(50ms);
  alice.call("c", "assistant", "t");
  advance(50ms);
  CHECK(asked(2) == texts{"c"});
}

TEST_CASE_METHOD(thread_fixture, "a thread is remembered up to the agent's bound, or not at all with 0") {
  plan.agents[1].prompt.memory_events = 2;
  plan.agents.push_back({"dull", "prompt", {}});
  plan.agents.back().prompt.memory_events = 0;
  begin();
  auto alice = client("alice");
  for (auto* id : {"a", "b", "c"}) {
    alice.call(id, "assistant", "t");
    advance(50ms);
  }
  CHECK(asked(2) == texts{"b", "fine", "c"});
  for (auto* id : {"d", "e"}) {
    alice.call(id, "dull", "t");
    advance(50ms);
  }
  CHECK(asked(4) == texts{"e"});
}

TEST_CASE_METHOD(thread_fixture, "a thread outlives the node, in order and with its memory") {
  disk = std::make_shared<test::spy>();
  begin();
  {
    auto alice = client("alice");
    model->scripts = {test::script::answer({"one"}), test::script::hang_after({})};
    alice.call("a", "assistant", "t");
    advance(50ms);
    for (auto* id : {"b", "c", "d"}) alice.call(id, "assistant", "t", busy_policy::queue, 60'000);
    advance(100ms);
  }
  CHECK(model->asked.size() == 2);
  restart();
  advance(500ms);
  auto& again = open("demo");
  via = &again;
  auto bob = client("bob");
  for (auto* id : {"alice/b", "alice/c", "alice/d"}) {
    bob.watch(id);
    CHECK(status_of(bob, id) == run_status::complete);
  }
  REQUIRE(model->asked.size() == 5);
  CHECK(asked(2) == texts{"a", "one", "b"});
  CHECK(asked(4) == texts{"a", "one", "b", "fine", "c", "fine", "d"});
}

TEST_CASE_METHOD(thread_fixture, "a thread that was quiet for its time is forgotten") {
  disk = std::make_shared<test::spy>();
  plan.bounds.thread_ttl_ms = 1000;
  begin();
  auto alice = client("alice");
  alice.call("a", "assistant", "t");
  advance(50ms);
  advance(1s);
  alice.call("b", "assistant", "t");
  advance(50ms);
  CHECK(asked(1) == texts{"b"});
}
