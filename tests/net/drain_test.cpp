// How a node lets its clients go: when each is told to move, and what its connection does until it has.

#include "net/drain_plan.hpp"
#include "tests/support/connection_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace weir;
using test::connection_fixture;
using namespace std::chrono_literals;

TEST_CASE("the clients of a node move one after the other, over the whole window") {
  drain_plan plan{1000, 5000ms, 1};
  std::vector<int> in_slice(10);
  for (int i = 0; i < 1000; ++i) {
    auto delay_ms = plan.next_delay_ms();
    REQUIRE(delay_ms >= 0);
    REQUIRE(delay_ms <= 5000);
    ++in_slice.at(static_cast<std::size_t>(std::min<std::int64_t>(delay_ms / 500, 9)));
  }
  for (auto n : in_slice) CHECK((n >= 99 && n <= 101)); // one of them may fall on the edge
}

TEST_CASE("two nodes that drain with few clients do not send them off at the same times") {
  std::vector<std::int64_t> a, b;
  drain_plan one{3, 5000ms, 1}, other{3, 5000ms, 2};
  for (int i = 0; i < 3; ++i) a.push_back(one.next_delay_ms()), b.push_back(other.next_delay_ms());
  CHECK(a != b);
}

TEST_CASE("without a window, or without clients, a move is at once or within the window") {
  CHECK(drain_plan{5, 0ms, 1}.next_delay_ms() == 0);
  auto late = drain_plan{0, 100ms, 1}.next_delay_ms(); // one that has come in the meantime
  CHECK((late >= 0 && late <= 100));
}

TEST_CASE_METHOD(connection_fixture,
                 "a client that is told to move is served on until its session is elsewhere") {
  welcome();
  line->drain(1234);
  line->drain(99); // only once
  settle();
  auto frame = take();
  CHECK(frame["op"] == "drain");
  CHECK(frame["delay_ms"] == 1234);
  CHECK(frame["reason"] == "shutdown");
  say(R"({"op":"publish","type":"a","message_id":"m1","data":1})");
  CHECK(gate.relay.publishes.size() == 1);
  CHECK(ask(R"({"op":"subscribe","id":"a","pattern":"a"})")["op"] == "ok");
  deliver(41);
  settle();
  CHECK(take()["op"] == "event");
  CHECK_FALSE(socket->closed_with);
  gate.relay.who->on_notice({7, taken_over{}});
  settle();
  CHECK_FALSE(socket->closed_with); // the answer to its publish comes first
  answer taken;
  taken.seq = 42;
  line->on_answer(gate.relay.publishes[0].reference, taken);
  settle();
  CHECK(take()["op"] == "ok");
  REQUIRE(socket->closed_with);
  CHECK(*socket->closed_with == close_code::going_away);
  CHECK(shared->metrics.draining->value() == 1);
  line->on_closed(1001, {});
  run();
  CHECK(shared->metrics.draining->value() == 0);
}

TEST_CASE_METHOD(connection_fixture, "a client that was not told to move learns that it was taken over") {
  welcome();
  gate.relay.who->on_notice({7, taken_over{}});
  settle();
  CHECK(socket->closed_with == close_code::taken_over);
}

TEST_CASE_METHOD(connection_fixture,
                 "a node that drains refuses who has not been welcomed, and says when to come again") {
  gate.relay.attach_at_once = false; // the namespace is not reached
  open();
  say(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
  line->drain(1234);
  settle();
  auto no = take();
  CHECK(no["code"] == 503);
  CHECK(no["reason"] == "draining");
  CHECK(no["retry_after_ms"] >= 1000);
  CHECK(no["retry_after_ms"] <= 5000);
  CHECK(socket->closed_with == close_code::try_again);
  CHECK(hellos_done == 1);
  CHECK(shared->metrics.draining->value() == 0);
}

TEST_CASE_METHOD(connection_fixture, "a hello that comes while the node drains enters nowhere") {
  shared->draining = true;
  open();
  say(R"({"op":"hello","namespace":"demo","client_id":"alice"})");
  CHECK(take()["reason"] == "draining");
  CHECK(socket->closed_with == close_code::try_again);
  CHECK(gate.inside.empty());
}
