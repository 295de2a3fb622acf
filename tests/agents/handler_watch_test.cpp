#include "actors/agents/handler_watch.hpp"
#include "actors/agents/report_limiter.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

class watch_fixture {
public:
  handler_mark::time_point now{1h};
  watched_agents all;
  std::shared_ptr<watched_agent> greeter = std::make_shared<watched_agent>("demo", "greeter");

  watch_fixture() { all.add(greeter); }
};

} // namespace

TEST_CASE_METHOD(watch_fixture,
                 "a handler that does not return is named with its agent and event, once as new") {
  greeter->mark.enter(handler_kind::on_call, "cli/m1", now);
  CHECK(all.overdue(1s, now + 999ms).empty());
  auto found = all.overdue(1s, now + 1250ms);
  REQUIRE(found.size() == 1);
  CHECK(found[0].is_new);
  CHECK(describe(found[0])
        == "demo: on_call of agent greeter has not returned for 1250 ms; it handles cli/m1");
  found = all.overdue(1s, now + 5s);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].is_new);
  greeter->mark.leave();
  CHECK(all.overdue(1s, now + 6s).empty());
  greeter->mark.enter(handler_kind::timer, {}, now + 6s);
  found = all.overdue(1s, now + 8s);
  REQUIRE(found.size() == 1);
  CHECK(found[0].is_new); // another one
  CHECK(describe(found[0]) == "demo: timer of agent greeter has not returned for 2000 ms");
}

TEST_CASE_METHOD(watch_fixture, "an agent that is gone is forgotten") {
  greeter->mark.enter(handler_kind::on_event, "a/1", now);
  greeter.reset();
  CHECK(all.overdue(1s, now + 5s).empty());
  CHECK(all.size() == 0);
}

TEST_CASE_METHOD(watch_fixture, "a long event id is cut") {
  greeter->mark.enter(handler_kind::on_event, std::string(1000, 'x'), now);
  auto got = greeter->mark.read(now);
  REQUIRE(got);
  CHECK(got->event_id == std::string(handler_mark::max_id_bytes, 'x'));
  greeter->mark.enter(handler_kind::on_event, "short", now);
  CHECK(greeter->mark.read(now)->event_id == "short");
}

TEST_CASE("what happens too often is told so often, and the next report counts the others") {
  report_limiter reports{3, 10s};
  auto now = report_limiter::time_point{1h};
  for (int i = 0; i < 3; ++i) CHECK(reports.take(now));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(reports.take(now + 9s));
  CHECK(reports.take(now + 10s));
  CHECK(reports.take_left_out() == 5);
  CHECK(reports.take_left_out() == 0);
}
