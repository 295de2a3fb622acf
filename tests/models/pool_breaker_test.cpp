#include "tests/support/pool_fixture.hpp"

#include <caf/telemetry/gauge.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

struct breaker_fixture : pool_fixture {
  breaker_fixture() {
    auto cfg = config_of("m");
    cfg.timeout_ms = 10'000;
    cfg.breaker = {3, 1000, 8000, 1};
    cfg.retries = 0;
    add_pool(cfg);
  }

  /// Lets `n` calls fail like this.
  void fail(int n, code status = code::internal, bool retryable = true) {
    for (int i = 0; i < n; ++i) {
      backend_of("m").scripts = {script::fail_after({}, status, retryable)};
      ask(++last_id);
      advance(20ms);
    }
  }

  std::int64_t state() {
    return sys.metrics().gauge_instance("weir", "model-breaker-state", {{"model", "m"}}, "")->value();
  }

  std::int64_t changes_to(const std::string& state) {
    return counted("model-breaker-changes", {{"model", "m"}, {"to", state}});
  }

  std::uint64_t last_id = 0;
};

} // namespace

TEST_CASE_METHOD(breaker_fixture, "a backend that keeps failing is left alone, probed, and taken back",
                 "[pools][breaker]") {
  fail(3);
  CHECK(state() == 2);
  CHECK(backend_of("m").asked.size() == 3);
  ask(50);
  REQUIRE(failure_of(50) != nullptr); // at once, and nobody was asked
  CHECK(failure_of(50)->refused);
  CHECK(failure_of(50)->error.status == code::unavailable);
  auto wait_ms = failure_of(50)->error.retry_after_ms;
  CHECK((wait_ms > 0 && wait_ms <= 1250));
  CHECK(backend_of("m").asked.size() == 3);
  CHECK(depth() == 0);
  advance(std::chrono::milliseconds{wait_ms});
  fail(1); // the probe
  CHECK(backend_of("m").asked.size() == 4);
  CHECK(state() == 2);
  advance(2500ms);
  ask(60);
  CHECK(state() == 1);
  ask(61); // while the probe is on its way
  REQUIRE(failure_of(61) != nullptr);
  CHECK(failure_of(61)->refused);
  advance(50ms);
  CHECK(state() == 0);
  CHECK(got().all<model_done>().size() == 1);
  CHECK(changes_to("open") == 2);
  CHECK(changes_to("half_open") == 2);
  CHECK(changes_to("closed") == 1);
  CHECK(calls_that("unavailable") == 2);
  ask(70);
  advance(50ms);
  CHECK(got().all<model_done>().size() == 2);
}

TEST_CASE_METHOD(breaker_fixture, "what waits when the breaker opens fails over at once",
                 "[pools][breaker]") {
  fail(2);
  backend_of("m").scripts = {script::fail_after({}, code::internal, true)};
  ask(10);
  ask(11, 10'000);
  ask(12, 10'000);
  CHECK(depth() == 2);
  advance(10ms);
  CHECK(state() == 2);
  for (std::uint64_t id : {11, 12}) {
    REQUIRE(failure_of(id) != nullptr);
    CHECK(failure_of(id)->refused);
    CHECK(failure_of(id)->error.retry_after_ms > 0);
  }
  CHECK(depth() == 0);
  CHECK(backend_of("m").asked.size() == 3);
}

TEST_CASE_METHOD(breaker_fixture, "what is not the backend's fault does not open the breaker",
                 "[pools][breaker]") {
  SECTION("a 4xx") { fail(10, code::bad_request, false); }
  SECTION("a 429: it works, and is busy") { fail(10, code::too_many, true); }
  SECTION("calls that are cancelled") {
    for (int i = 0; i < 10; ++i) {
      hang_all(1);
      ask(++last_id);
      advance(20ms);
      cancel(last_id);
    }
  }
  SECTION("callers that give a call little time") {
    for (int i = 0; i < 10; ++i) {
      hang_all(1);
      ask(++last_id, 50);
      advance(60ms);
    }
    CHECK(calls_that("timeout") == 10);
  }
  CHECK(state() == 0);
  ask(100);
  advance(20ms);
  CHECK(got().all<model_done>().size() == 1);
}

TEST_CASE_METHOD(breaker_fixture, "a backend that hangs for all the time it is given opens the breaker",
                 "[pools][breaker]") {
  hang_all(3);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    ask(id, 10'000);
    advance(10'000ms, 100ms);
  }
  CHECK(calls_that("timeout") == 3);
  CHECK(state() == 2);
}

TEST_CASE_METHOD(breaker_fixture, "while a backend is left alone, calls go to the fallback at once",
                 "[pools][breaker]") {
  auto cfg = config_of("first");
  cfg.breaker = {1, 1000, 8000, 1};
  cfg.retries = 2;
  cfg.fallback = {{false, "m"}};
  add_pool(cfg);
  backend_of("first").scripts = {script::fail_after({}, code::internal, true)};
  call(1, "first");
  advance(300ms);
  REQUIRE(calls().over(1));
  CHECK(backend_of("first").asked.size() == 1); // its second try was turned away
  call(2, "first");
  advance(20ms);
  REQUIRE(calls().over(2));
  CHECK(outcome(2).status == run_status::degraded);
  CHECK(outcome(2).attempts == 1);
  CHECK(outcome(2).elapsed_ms <= 20);
  CHECK(counted("usage-refused", {{"namespace", "demo"}, {"model", "first"}, {"reason", "unavailable"}})
        == 2);
}
