// Plans and schedules at random: what must be so of every run. The seed is in the message.

#include "tests/runs/workflow/random_plan.hpp"
#include "tests/runs/workflow/workflow_fixture.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr std::uint32_t plans = 2000;

/// Something that may happen to a run: an answer to an open call, an event, time, a cancel, or what is late.
class schedule {
public:
  schedule(plan_run& run, random_plan& rng) : run_(run), rng_(rng) {}

  void go_on() {
    auto x = rng_.below(100);
    if (x < 60 && !run_.calls.empty()) return answer();
    if (x < 75) return event();
    if (x < 76) return void(run_.cancel());
    if (x < 80) return void(run_.apply(workflow_machine::call_ended{1 + rng_.below(30), outcome()}));
    pass_time();
  }

private:
  workflow_machine::outcome outcome() {
    workflow_machine::outcome out;
    auto x = rng_.below(10);
    out.status = x < 7 ? run_status::complete : static_cast<run_status>(1 + rng_.below(4));
    static const char* outputs[] = {R"({"n":1,"text":"x"})",
                                    R"({"n":9,"text":"{\"n\":2,\"next\":\"b\"}"})",
                                    R"({"handoff":"b"})",
                                    R"({"text":"y\nHANDOFF: c"})",
                                    R"({"next":"a","n":0})",
                                    R"({"next":"done"})",
                                    "null",
                                    "no JSON"};
    out.output = outputs[rng_.below(8)];
    out.usage = {1, 1};
    if (out.status != run_status::complete)
      out.error = {
          rng_.chance(3) ? code::deadline : code::unavailable, "r", "m", rng_.chance(3) ? 50 : 0, {}, 0, 0};
    return out;
  }

  void answer() {
    auto i = run_.calls.begin();
    std::advance(i, rng_.below(static_cast<std::uint32_t>(run_.calls.size())));
    run_.apply(workflow_machine::call_ended{i->first, outcome()});
  }

  void event() {
    auto data = R"({"n":)" + std::to_string(rng_.below(4)) + R"(,"run_id":"c/)"
                + std::to_string(1 + rng_.below(2)) + R"("})";
    run_.event(rng_.chance(5) ? seq_ : ++seq_, rng_.chance(2) ? "x.1" : "y.1.2", data);
  }

  /// To the next deadline or beyond it, or only a little.
  void pass_time() {
    auto due = run_.subject().next_deadline_ms();
    REQUIRE(due); // a run that is not over always has one
    auto now_ms = run_.now_ms() - plan_run::start_ms;
    if (rng_.chance(3)) return void(run_.at(now_ms + 1 + rng_.below(200)));
    run_.at(std::max(*due - plan_run::start_ms + rng_.below(3) * rng_.below(500), now_ms));
  }

  plan_run& run_;
  random_plan& rng_;
  std::uint64_t seq_ = 0;
};

} // namespace

TEST_CASE("what is printed of any plan reads back to the same", "[workflows]") {
  for (std::uint32_t seed = 1; seed <= plans; ++seed) {
    INFO("seed " << seed);
    auto from = random_plan{seed}.plan();
    REQUIRE(print_workflow(*plan_of(from)) == from);
  }
}

TEST_CASE("every run of any plan ends once, with nothing open, and its records lead to the same",
          "[workflows]") {
  std::map<run_status, int> ends;
  for (std::uint32_t seed = 1; seed <= plans; ++seed) {
    random_plan rng{seed};
    auto from = rng.plan();
    INFO("seed " << seed << ": " << from.dump());
    plan_run run{plan_of(from), {40, 2000, 12, 6}};
    schedule next{run, rng};
    run.begin();
    for (int i = 0; !run.result && i < 3000; ++i) next.go_on();
    REQUIRE(run.result);
    CHECK((run.result->status == run_status::complete) == !run.result->error.refused());
    ++ends[run.result->status];
    run.check_replay();
  }
  CHECK(ends.size() == 5); // each way to end has been taken
}
