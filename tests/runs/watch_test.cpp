// Who sees what of a run: several viewers, late ones, those who leave.

#include "tests/support/streams_fixture.hpp"

using namespace weir;
using namespace std::chrono_literals;
using test::streams_fixture;

TEST_CASE_METHOD(streams_fixture, "who watches late gets what there is from where it asks, then the rest") {
  begin();
  answer_slowly(20);
  auto alice = client("alice");
  alice.call("c1");
  advance(105ms); // ten pieces
  std::vector<std::unique_ptr<test::runner>> viewers;
  const std::vector<std::uint64_t> from = {0, 3, 10, 15, 25};
  for (auto at : from) {
    viewers.push_back(std::make_unique<test::runner>(*this, *via, "bob"));
    CHECK_FALSE(viewers.back()->watch("alice/c1", at).no.refused());
  }
  advance(500ms);
  auto text = alice.streamed("alice/c1");
  CHECK(utf8::code_points(text) == 20);
  for (std::size_t i = 0; i < from.size(); ++i) {
    INFO("from " << from[i]);
    CHECK(viewers[i]->streamed("alice/c1", from[i]) == utf8::after_code_points(text, from[i]));
    REQUIRE(viewers[i]->result("alice/c1") != nullptr);
    CHECK(viewers[i]->result("alice/c1")->output == alice.result("alice/c1")->output);
  }
}

TEST_CASE_METHOD(streams_fixture, "the answer to a watch comes before what is watched") {
  begin();
  answer_slowly(4);
  auto alice = client("alice"), bob = client("bob");
  alice.call("c1");
  advance(25ms);
  auto no = via->watch(bob.joined(), "x:w", "alice/c1", 0);
  CHECK_FALSE(no.refused());
  auto answered = bob.answers.size();
  while (bob.updates.empty()) advance(1ms, 1ms);
  CHECK(bob.answers.size() == answered + 1);
}

TEST_CASE_METHOD(streams_fixture, "a run that is over is watched from its result") {
  begin();
  answer_slowly(6);
  auto alice = client("alice"), bob = client("bob"), carol = client("carol");
  alice.call("c1");
  advance(200ms);
  CHECK_FALSE(bob.watch("alice/c1", 2).no.refused());
  CHECK(bob.streamed("alice/c1", 2) == utf8::after_code_points(alice.streamed("alice/c1"), 2));
  CHECK(bob.result("alice/c1") != nullptr);
  CHECK_FALSE(carol.watch("alice/c1", 6).no.refused());
  REQUIRE(carol.updates.size() == 1);
  CHECK(carol.updates[0].finished);
}

TEST_CASE_METHOD(streams_fixture, "a run that nobody knows cannot be watched") {
  begin();
  auto alice = client("alice");
  auto got = alice.watch("alice/none");
  CHECK(got.no.status == code::not_found);
  CHECK(got.no.reason == "unknown_run");
}

TEST_CASE_METHOD(streams_fixture, "nothing comes after the answer to an unwatch") {
  begin();
  answer_slowly(20);
  auto alice = client("alice"), bob = client("bob");
  alice.call("c1");
  bob.watch("alice/c1");
  advance(55ms);
  CHECK_FALSE(bob.updates.empty());
  CHECK_FALSE(bob.unwatch("alice/c1").no.refused());
  auto n = bob.updates.size();
  advance(500ms);
  CHECK(bob.updates.size() == n);
  CHECK(alice.result("alice/c1") != nullptr);
  CHECK_FALSE(bob.unwatch("alice/c1").no.refused()); // there is nothing to stop any more
}

TEST_CASE_METHOD(streams_fixture, "a watch that is asked for again begins anew, and nothing comes twice") {
  begin();
  answer_slowly(20);
  auto alice = client("alice"), bob = client("bob");
  alice.call("c1");
  bob.watch("alice/c1");
  advance(55ms);
  bob.updates.clear();
  bob.watch("alice/c1", 2);
  advance(500ms);
  CHECK(bob.streamed("alice/c1", 2) == utf8::after_code_points(alice.streamed("alice/c1"), 2));
}

TEST_CASE_METHOD(streams_fixture, "so many watch one run, and the next is refused") {
  plan.bounds.run_watchers = 3;
  begin();
  answer_slowly(20);
  auto alice = client("alice"), bob = client("bob"), carol = client("carol"), dan = client("dan");
  alice.call("c1");
  bob.watch("alice/c1");
  CHECK_FALSE(carol.watch("alice/c1").no.refused());
  auto got = dan.watch("alice/c1");
  CHECK(got.no.status == code::too_many);
  CHECK(got.no.reason == "quota");
  CHECK(got.no.retry_after_ms > 0);
  CHECK(got.no.limit == 3);
  carol.leave(); // it makes room
  CHECK_FALSE(dan.watch("alice/c1").no.refused());
  advance(500ms);
  CHECK(dan.result("alice/c1") != nullptr);
}

TEST_CASE_METHOD(streams_fixture, "a connection watches so many runs, and the next is refused") {
  plan.bounds.watches_per_connection = 2;
  begin();
  auto alice = client("alice"), bob = client("bob");
  for (auto* id : {"a", "b", "c"}) {
    answer_slowly(20);
    alice.call(id);
  }
  CHECK_FALSE(bob.watch("alice/a").no.refused());
  CHECK_FALSE(bob.watch("alice/b").no.refused());
  CHECK(bob.watch("alice/c").no.status == code::too_large);
  bob.unwatch("alice/a");
  CHECK_FALSE(bob.watch("alice/c").no.refused());
}

TEST_CASE_METHOD(streams_fixture,
                 "a run goes on when its caller and its viewers go, unless it is tied to the caller") {
  begin();
  for (int i = 0; i < 2; ++i) answer_slowly(20);
  auto bob = client("bob");
  {
    auto alice = client("alice");
    alice.call("free");
    alice.call("tied", "assistant", {}, busy_policy::concurrent, 0, true);
    bob.watch("alice/tied");
    advance(55ms);
    CHECK(model->open == 2);
    auto carol = client("carol");
    carol.watch("alice/tied");
    carol.leave();
    CHECK(model->open == 2); // another viewer is not the caller
    alice.leave();
  }
  CHECK(model->open == 1); // the backend's call is closed at once
  REQUIRE(bob.result("alice/tied") != nullptr);
  CHECK(bob.result("alice/tied")->status == run_status::cancelled);
  advance(500ms);
  bob.watch("alice/free");
  REQUIRE(bob.result("alice/free") != nullptr);
  CHECK(bob.result("alice/free")->status == run_status::complete);
}

TEST_CASE_METHOD(streams_fixture, "a caller that goes before its call is kept takes the run along") {
  begin();
  answer_slowly(20);
  auto bob = client("bob");
  {
    auto alice = client("alice");
    auto what = call_of("assistant", "c1");
    what.cancel_on_disconnect = true;
    CHECK_FALSE(via->call(alice.joined(), "c:c1", what).refused());
    via->leave(alice.joined()); // in the same turn
    run();
  }
  advance(50ms);
  CHECK(model->open == 0);
  bob.watch("alice/c1");
  REQUIRE(bob.result("alice/c1") != nullptr);
  CHECK(bob.result("alice/c1")->status == run_status::cancelled);
}

TEST_CASE_METHOD(streams_fixture, "a tied run goes with the connection that repeated its call last") {
  begin();
  answer_slowly(20);
  auto later = client("alice");
  {
    auto first = client("alice");
    first.call("c1", "assistant", {}, busy_policy::concurrent, 0, true);
    advance(35ms);
    later.call("c1", "assistant", {}, busy_policy::concurrent, 0, true);
  }
  CHECK(model->open == 1);
  CHECK(later.result("alice/c1") == nullptr);
  advance(500ms);
  REQUIRE(later.result("alice/c1") != nullptr);
  CHECK(later.result("alice/c1")->status == run_status::complete);
  CHECK(utf8::code_points(later.streamed("alice/c1")) == 20);
}

TEST_CASE_METHOD(streams_fixture, "what begins and ends is told to those who listen, and is not kept") {
  begin();
  auto alice = client("alice"), bob = client("bob");
  bob.subscribe("r", "sys.run.>");
  alice.call("c1", "echo");
  alice.call("c2");
  alice.cancel("alice/c2");
  advance(50ms);
  CHECK(bob.told_of_runs()
        == std::vector<std::string>{"started alice/c1", "finished alice/c1", "started alice/c2",
                                    "finished alice/c2"});
  auto last = nlohmann::json::parse(bob.deliveries.back().what->data);
  CHECK(last["status"] == "cancelled");
  CHECK(last["elapsed_ms"].is_number());
  CHECK(bob.deliveries.back().what->ephemeral());
  auto first = nlohmann::json::parse(bob.deliveries.front().what->data);
  CHECK(first["target"] == "echo");
  CHECK(first["client_id"] == "alice");
}
