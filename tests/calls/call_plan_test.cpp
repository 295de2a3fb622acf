#include "actors/calls/call_plan.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const call_plan::time_point t0{1h};

const refusal broken{code::internal, "unavailable", "broken", 0, {}, 0, 0};
const refusal full{code::too_many, "model_queue_full", "full", 120, "model", 256, 256};

call_plan plan_of(std::vector<call_step> steps, std::int64_t timeout_ms = 1000) {
  return {std::move(steps), timeout_ms, backoff{100ms, 1000ms, 2.0, 0.25}, 1};
}

const call_step first{"first", false, 2, 0};
const call_step second{"second", false, 0, 0};
const call_step sorry{"Sorry.", true, 0, 0};

const call_plan::ask& ask(const call_plan::action& x) {
  REQUIRE(std::holds_alternative<call_plan::ask>(x));
  return std::get<call_plan::ask>(x);
}

std::chrono::milliseconds pause(const call_plan::action& x) {
  REQUIRE(std::holds_alternative<call_plan::pause>(x));
  return std::get<call_plan::pause>(x).time;
}

bool finished(const call_plan::action& x) { return std::holds_alternative<call_plan::finish>(x); }

} // namespace

TEST_CASE("a call that the first model answers is complete") {
  auto plan = plan_of({first, second, sorry});
  auto next = plan.begin(t0);
  CHECK(ask(next).model == "first");
  CHECK(ask(next).timeout_ms == 1000);
  plan.on_started(40);
  CHECK(plan.on_piece("schön", t0 + 50ms) == 0);
  CHECK(plan.on_piece("!", t0 + 60ms) == 5);
  CHECK(finished(plan.on_done({{7, 2}}, t0 + 70ms)));
  auto& x = plan.outcome();
  CHECK(x.status == run_status::complete);
  CHECK(x.text == "schön!");
  CHECK(x.attempts == 1);
  CHECK(x.queued_ms == 40);
  CHECK(x.first_piece_ms == 50);
  CHECK(x.elapsed_ms == 70);
  CHECK(x.usage.output_tokens == 2);
  REQUIRE(x.parts.size() == 1);
  CHECK(x.parts[0].to == 6);
  CHECK_FALSE(x.error.refused());
}

TEST_CASE("what failed retryably is tried again with growing, jittered pauses, then the error stands") {
  auto plan = plan_of({first});
  ask(plan.begin(t0));
  auto pause1 = pause(plan.on_failed(broken, true, t0));
  CHECK((pause1 >= 75ms && pause1 <= 125ms));
  CHECK(ask(plan.on_pause_over(t0 + 100ms)).timeout_ms == 900);
  auto pause2 = pause(plan.on_failed(broken, true, t0 + 100ms));
  CHECK((pause2 >= 150ms && pause2 <= 250ms));
  ask(plan.on_pause_over(t0 + 300ms));
  CHECK(finished(plan.on_failed(broken, true, t0 + 300ms)));
  CHECK(plan.outcome().status == run_status::failed);
  CHECK(plan.outcome().attempts == 3);
  CHECK(plan.outcome().error.message == "broken");
}

TEST_CASE("a retry comes never before the time that the model asked for") {
  auto plan = plan_of({first});
  ask(plan.begin(t0));
  CHECK(pause(plan.on_failed({code::too_many, "rate", "slow down", 700, "model", 0, 0}, true, t0)) == 700ms);
}

TEST_CASE("a wait that would outlast the call is not waited") {
  auto plan = plan_of({first, sorry});
  ask(plan.begin(t0));
  CHECK(finished(plan.on_failed({code::too_many, "rate", "slow down", 5000, "model", 0, 0}, true, t0)));
  CHECK(plan.outcome().status == run_status::degraded);
}

TEST_CASE("what cannot be tried again goes to the next model") {
  auto plan = plan_of({first, second});
  ask(plan.begin(t0));
  CHECK(ask(plan.on_failed({code::unauthenticated, "unavailable", "bad key", 0, {}, 0, 0}, false, t0)).model
        == "second");
  plan.on_piece("hm", t0);
  CHECK(finished(plan.on_done({}, t0)));
  CHECK(plan.outcome().status == run_status::degraded);
  CHECK(plan.outcome().error.message == "bad key");
  CHECK(plan.outcome().parts.at(0).model == "second");
}

TEST_CASE("a full queue is not tried again: the fallback, or the refusal as it was") {
  SECTION("with a fallback") {
    auto plan = plan_of({first, second});
    ask(plan.begin(t0));
    CHECK(ask(plan.on_refused(full, t0)).model == "second");
    plan.on_done({}, t0);
    CHECK(plan.outcome().attempts == 1);
  }
  SECTION("without") {
    auto plan = plan_of({first});
    ask(plan.begin(t0));
    CHECK(finished(plan.on_refused(full, t0)));
    auto& x = plan.outcome();
    CHECK(x.status == run_status::failed);
    CHECK(x.attempts == 0);
    CHECK(x.error.reason == "model_queue_full");
    CHECK(x.error.retry_after_ms == 120);
    CHECK(x.error.depth == 256);
    CHECK(x.error.limit == 256);
  }
}

TEST_CASE("above the quota no model is asked any more: a canned answer, what there is, or the refusal") {
  const refusal quota{code::too_many, "quota", "used up", 700, "namespace", 90, 60};
  SECTION("a canned answer, wherever it stands") {
    auto plan = plan_of({first, second, sorry});
    ask(plan.begin(t0));
    CHECK(finished(plan.on_over_quota(quota, t0)));
    CHECK(plan.outcome().status == run_status::degraded);
    CHECK(plan.outcome().text == "Sorry.");
    CHECK(plan.outcome().error.reason == "quota");
  }
  SECTION("what the first attempt has written") {
    auto plan = plan_of({first, sorry});
    ask(plan.begin(t0));
    plan.on_piece("half", t0);
    pause(plan.on_failed(broken, true, t0));
    ask(plan.on_pause_over(t0 + 100ms));
    CHECK(finished(plan.on_over_quota(quota, t0 + 100ms)));
    CHECK(plan.outcome().status == run_status::partial);
    CHECK(plan.outcome().attempts == 1);
  }
  SECTION("the refusal") {
    auto plan = plan_of({first, second});
    ask(plan.begin(t0));
    CHECK(finished(plan.on_over_quota(quota, t0)));
    CHECK(plan.outcome().status == run_status::failed);
    CHECK(plan.outcome().error.retry_after_ms == 700);
    CHECK(plan.outcome().attempts == 0);
  }
}

TEST_CASE("at the deadline a call is partial, degraded or failed, by what there is") {
  SECTION("some text") {
    auto plan = plan_of({first, sorry});
    ask(plan.begin(t0));
    plan.on_piece("half", t0 + 10ms);
    CHECK(finished(plan.on_deadline(t0 + 1000ms)));
    CHECK(plan.outcome().status == run_status::partial);
    CHECK(plan.outcome().text == "half");
    CHECK(plan.outcome().error.status == code::deadline);
  }
  SECTION("no text, but a canned one") {
    auto plan = plan_of({first, second, sorry});
    ask(plan.begin(t0));
    auto last = plan.on_deadline(t0 + 1000ms);
    REQUIRE(finished(last));
    CHECK(std::get<call_plan::finish>(last).rest == "Sorry.");
    CHECK(plan.outcome().status == run_status::degraded);
    CHECK(plan.outcome().text == "Sorry.");
    CHECK(plan.outcome().error.status == code::deadline);
    CHECK(plan.outcome().parts.at(0).model == "canned");
  }
  SECTION("nothing") {
    auto plan = plan_of({first, second});
    ask(plan.begin(t0));
    plan.on_deadline(t0 + 1000ms);
    CHECK(plan.outcome().status == run_status::failed);
    CHECK(plan.outcome().error.reason == "deadline");
    CHECK(plan.outcome().elapsed_ms == 1000);
  }
}

TEST_CASE("an attempt that dies in mid-stream is gone on from, and the parts tell the seam") {
  auto plan = plan_of({call_step{"first", false, 0, 0}, second});
  ask(plan.begin(t0));
  CHECK(plan.on_piece("naïve ", t0) == 0);
  CHECK(ask(plan.on_failed(broken, true, t0)).model == "second");
  CHECK(plan.text() == "naïve ");
  CHECK(plan.on_piece("plan", t0) == 6);
  plan.on_done({}, t0);
  auto& x = plan.outcome();
  CHECK(x.status == run_status::degraded);
  CHECK(x.text == "naïve plan");
  REQUIRE(x.parts.size() == 2);
  CHECK(x.parts[0].to == 6);
  CHECK(x.parts[1].from == 6);
  CHECK(x.parts[1].to == 10);
}

TEST_CASE(
    "after a non-retryable error in mid-stream the next model goes on; without one the call is partial") {
  const refusal no{code::unavailable, "unavailable", "no", 0, {}, 0, 0};
  auto plan = plan_of({first, second, sorry});
  ask(plan.begin(t0));
  plan.on_piece("half", t0);
  CHECK(ask(plan.on_failed(no, false, t0)).model == "second");
  CHECK(plan.on_piece(" and half", t0) == 4);
  CHECK(finished(plan.on_failed(no, false, t0)));
  CHECK(plan.outcome().status == run_status::partial);
  CHECK(plan.outcome().text == "half and half");
  CHECK(plan.outcome().error.message == "no");
}

TEST_CASE("a canned text never follows what a model has begun") {
  auto plan = plan_of({call_step{"first", false, 0, 0}, sorry});
  ask(plan.begin(t0));
  plan.on_piece("half", t0);
  CHECK(finished(plan.on_failed(broken, true, t0)));
  CHECK(plan.outcome().status == run_status::partial);
  CHECK(plan.outcome().text == "half");
}

TEST_CASE("a configured attempt timeout leaves time for the fallback") {
  auto plan = plan_of({call_step{"first", false, 0, 400}, second});
  CHECK(ask(plan.begin(t0)).timeout_ms == 400);
  CHECK(ask(plan.on_failed({code::deadline, "deadline", "slow", 0, {}, 0, 0}, true, t0 + 400ms)).timeout_ms
        == 600);
}

TEST_CASE("a cancelled call says so") {
  auto plan = plan_of({first, sorry});
  ask(plan.begin(t0));
  plan.on_piece("half", t0);
  CHECK(finished(plan.on_cancel(t0)));
  CHECK(plan.outcome().status == run_status::cancelled);
  CHECK(plan.outcome().text == "half");
  CHECK(plan.over());
}

TEST_CASE("the outcome says how the answer ended, and what the model refused") {
  auto plan = plan_of({first});
  plan.begin(t0);
  plan.on_piece("Half", t0);
  CHECK(plan.outcome().finish == finish_reason::none);
  plan.on_done({{}, {}, finish_reason::length, "I will not."}, t0);
  CHECK(plan.outcome().status == run_status::complete);
  CHECK(plan.outcome().finish == finish_reason::length);
  CHECK(plan.outcome().refusal_text == "I will not.");
}

TEST_CASE("an empty answer that was cut or filtered is no success") {
  for (auto how : {finish_reason::length, finish_reason::content_filter}) {
    INFO(to_string(how));
    SECTION("the next model is asked, and not this one again") {
      auto plan = plan_of({first, second});
      plan.begin(t0);
      CHECK(ask(plan.on_done({{7, 90}, {}, how, {}}, t0)).model == "second");
      plan.on_piece("Good", t0);
      CHECK(finished(plan.on_done({{1, 2}, {}, finish_reason::stop, {}}, t0)));
      CHECK(plan.outcome().status == run_status::degraded);
      CHECK(plan.outcome().finish == finish_reason::stop);
      CHECK(plan.outcome().usage.output_tokens == 92); // it was paid for
    }
    SECTION("without another model the call has failed, and says so") {
      auto plan = plan_of({first});
      plan.begin(t0);
      CHECK(finished(plan.on_done({{}, {}, how, {}}, t0)));
      CHECK(plan.outcome().status == run_status::failed);
      CHECK(plan.outcome().finish == how);
      CHECK(plan.outcome().error.message
            == std::string{"model first said nothing: its answer ended with "} + to_string(how));
    }
    SECTION("a refusal, or a tool call, is an answer") {
      auto plan = plan_of({first});
      plan.begin(t0);
      plan.on_done({{}, {}, how, "I cannot help with that."}, t0);
      CHECK(plan.outcome().status == run_status::complete);
      auto other = plan_of({first});
      other.begin(t0);
      other.on_done({{}, {{"a", "f", "{}"}}, how, {}}, t0);
      CHECK(other.outcome().status == run_status::complete);
    }
    SECTION("a continuation that says nothing leaves the text as partial") {
      auto plan = plan_of({first});
      plan.begin(t0);
      plan.on_piece("Half", t0);
      pause(plan.on_failed(broken, true, t0));
      ask(plan.on_pause_over(t0 + 100ms));
      CHECK(finished(plan.on_done({{}, {}, how, {}}, t0 + 200ms)));
      CHECK(plan.outcome().status == run_status::partial);
      CHECK(plan.outcome().finish == how);
    }
  }
}

TEST_CASE("an empty answer that ended of itself is one") {
  auto plan = plan_of({first});
  plan.begin(t0);
  plan.on_done({{}, {}, finish_reason::stop, {}}, t0);
  CHECK(plan.outcome().status == run_status::complete);
}

TEST_CASE("a text that was broken off has no reason for its end, a canned one has") {
  auto plan = plan_of({first});
  plan.begin(t0);
  plan.on_piece("Half", t0);
  CHECK(finished(plan.on_deadline(t0 + 1000ms)));
  CHECK(plan.outcome().status == run_status::partial);
  CHECK(plan.outcome().finish == finish_reason::none);
  auto other = plan_of({second, sorry});
  other.begin(t0);
  CHECK(finished(other.on_failed(broken, true, t0)));
  CHECK(other.outcome().finish == finish_reason::stop);
}

TEST_CASE("a request that is malformed goes to no other model: no fallback hides its author's mistake") {
  auto plan = plan_of({first, second, sorry});
  plan.begin(t0);
  CHECK(finished(
      plan.on_failed(refusal::bad_field("tool f: its parameters must be a JSON object"), false, t0)));
  CHECK(plan.outcome().status == run_status::failed);
  CHECK(plan.outcome().error.status == code::bad_request);
}
