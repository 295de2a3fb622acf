#include "actors/calls/sub_calls.hpp"
#include "testing/fixture.hpp"

#include <caf/action.hpp>
#include <catch2/catch_test_macros.hpp>

#include <deque>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// A namespace that does with each call what the test says: refuse, say nothing, or take it.
class fake_namespace : public caf::event_based_actor {
public:
  explicit fake_namespace(caf::actor_config& cfg) : caf::event_based_actor(cfg) {}

  caf::behavior make_behavior() override {
    return {
        [this](const call_request& what) -> caf::result<answer> {
          asked.push_back(what);
          if (silent > 0 && silent--) {
            held.push_back(make_response_promise<answer>());
            return held.back();
          }
          answer out;
          if (!refusals.empty()) {
            out.no = refusals.front();
            refusals.pop_front();
          }
          return out;
        },
        [this](const cancel_run& what) { cancelled.push_back(what.run_id); },
    };
  }

  std::vector<call_request> asked;
  std::vector<std::string> cancelled;
  std::deque<refusal> refusals;
  std::vector<caf::typed_response_promise<answer>> held;
  int silent = 0; // so many are not answered
};

class owner : public caf::event_based_actor {
public:
  owner(caf::actor_config& cfg, caf::actor ns)
    : caf::event_based_actor(cfg), calls(std::in_place, this, ns) {}

  caf::behavior make_behavior() override {
    set_exit_handler([this](const caf::exit_msg& x) { quit(x.reason); });
    return {[this](const run_update& x) { calls->on(x); }};
  }
  void on_exit() override { calls.reset(); }

  std::optional<sub_calls> calls;
  std::vector<run_result> results;
};

class calls_fixture : public test::fixture {
public:
  caf::actor ns = own(sys.spawn<fake_namespace>());
  caf::actor me = own(sys.spawn<owner>(ns));

  calls_fixture() { run(); }

  fake_namespace& there() { return deref<fake_namespace>(ns); }
  owner& here() { return deref<owner>(me); }

  std::uint64_t call(const std::string& id, std::int64_t timeout_ms = 1000) {
    std::uint64_t number = 0;
    send(me, caf::make_action([&] {
           call_request what;
           what.target = "other";
           what.client_id = "agent:me";
           what.message_id = id;
           what.input = "1";
           what.timeout_ms = timeout_ms;
           number = here().calls->start(what, [this](const run_result& x) { here().results.push_back(x); });
         }));
    return number;
  }

  void finish(std::uint64_t number, const std::string& output) {
    run_update out;
    out.subscriber = number;
    out.finished = true;
    out.result.status = run_status::complete;
    out.result.output = output;
    send(me, out);
  }

  static refusal come_again(std::int64_t ms) {
    return {code::too_many, "namespace_full", "too many runs", ms, "namespace", 2, 2};
  }
};

} // namespace

TEST_CASE_METHOD(calls_fixture, "a call within a namespace ends with the result of its run") {
  auto number = call("7.c0");
  REQUIRE(number > 0);
  REQUIRE(there().asked.size() == 1);
  CHECK(there().asked[0].caller.subscriber == number);
  CHECK(there().asked[0].message_id == "7.c0");
  finish(number + 1, "0"); // of another call
  CHECK(here().results.empty());
  finish(number, "42");
  finish(number, "43");
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].output == "42");
  CHECK(here().calls->size() == 0);
}

TEST_CASE_METHOD(calls_fixture,
                 "a call that is told to come again comes again, under the same id, and not for ever") {
  there().refusals = {come_again(300), come_again(300)};
  auto number = call("7.c0", 60'000);
  CHECK(there().asked.size() == 1);
  advance(299ms);
  CHECK(there().asked.size() == 1);
  advance(1ms);
  CHECK(there().asked.size() == 2);
  advance(300ms);
  REQUIRE(there().asked.size() == 3);
  CHECK(there().asked[2].message_id == "7.c0");
  finish(number, "1");
  CHECK(here().results.size() == 1);

  there().refusals.assign(100, come_again(300));
  call("8.c0", 60'000);
  advance(5s);
  CHECK(there().asked.size() == 3 + 5);
  REQUIRE(here().results.size() == 2);
  CHECK(here().results[1].error.reason == "namespace_full");
  CHECK(here().results[1].run_id == "agent:me/8.c0");
}

TEST_CASE_METHOD(calls_fixture, "a call that can never be taken is over at once") {
  there().refusals = {{code::not_found, "unknown_target", "nothing named other", 0, {}, 0, 0}};
  call("7.c0");
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].error.reason == "unknown_target");
  CHECK(there().asked.size() == 1);
}

TEST_CASE_METHOD(calls_fixture, "a call without a result ends some time after its own deadline") {
  call("7.c0", 500);
  advance(1490ms);
  CHECK(here().results.empty());
  advance(10ms);
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].error.status == code::deadline);
}

TEST_CASE_METHOD(calls_fixture,
                 "a namespace that does not answer is asked again, and its late answer changes nothing") {
  there().silent = 1;
  auto number = call("7.c0", 60'000);
  advance(5s);
  advance(200ms);
  CHECK(there().asked.size() == 2);
  answer late;
  late.no = {code::not_found, "unknown_target", "too late", 0, {}, 0, 0};
  send(ns, caf::make_action([&] { std::exchange(there().held, {})[0].deliver(late); }));
  finish(number, "1");
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].output == "1");
}

TEST_CASE_METHOD(calls_fixture, "a namespace that is gone is no result, but an error after some tries") {
  caf::anon_send_exit(ns, caf::exit_reason::kill);
  run();
  call("7.c0", 60'000);
  advance(30s, 100ms);
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].error.status == code::unavailable);
}

TEST_CASE_METHOD(calls_fixture,
                 "one more call than may be in flight is refused and leaves the others alone") {
  for (std::size_t i = 0; i < sub_calls::max_calls; ++i) REQUIRE(call("7.c" + std::to_string(i)) > 0);
  CHECK(call("7.c64") == 0);
  REQUIRE(here().results.size() == 1);
  CHECK(here().results[0].error.status == code::too_many);
  CHECK(here().results[0].error.limit == sub_calls::max_calls);
  CHECK(there().asked.size() == sub_calls::max_calls);
  finish(sub_calls::first_number, "1");
  CHECK(call("7.c65") > 0);
}

TEST_CASE_METHOD(calls_fixture, "cancelling asks for the run's end by its name") {
  auto number = call("7.c0");
  send(me, caf::make_action([&] { here().calls->cancel(number); }));
  CHECK(there().cancelled == std::vector<std::string>{"agent:me/7.c0"});
  CHECK(here().results.empty()); // the run says so
}

TEST_CASE_METHOD(calls_fixture, "calls of an owner that has ended call nobody back") {
  there().refusals = {come_again(300)};
  call("7.c0", 500);
  caf::anon_send_exit(me, caf::exit_reason::kill);
  run();
  advance(10s, 100ms);
  CHECK(there().asked.size() == 1);
}
