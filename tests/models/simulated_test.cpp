#include "tests/support/model_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

struct simulated_fixture : model_fixture {
  void add(const simulated_config& settings) {
    auto cfg = config_of("m");
    cfg.retries = 0;
    cfg.timeout_ms = 10'000;
    add_pool(cfg, make_simulated_backend(settings));
  }
};

} // namespace

TEST_CASE_METHOD(simulated_fixture, "the simulated model keeps to its configured times") {
  simulated_config settings;
  settings.first_piece_ms = 80;
  settings.piece_ms = 30;
  settings.pieces = 5;
  add(settings);
  call(1, "m");
  advance(70ms);
  CHECK(calls().deltas[1].empty());
  advance(10ms);
  CHECK_FALSE(calls().deltas[1].empty());
  advance(110ms);
  CHECK_FALSE(calls().over(1));
  advance(10ms); // 80 + 4 × 30
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).elapsed_ms == 200);
  CHECK(outcome(1).first_piece_ms == 80);
  CHECK(outcome(1).usage.output_tokens == 5);
  CHECK(outcome(1).text == calls().deltas[1]);
}

TEST_CASE_METHOD(simulated_fixture, "the simulated model fails and hangs as often as it is told") {
  SECTION("always") {
    simulated_config settings;
    settings.error_rate = 1;
    add(settings);
    call(1, "m");
    advance(100ms);
    REQUIRE(calls().over(1));
    CHECK(outcome(1).status == run_status::failed);
    CHECK(outcome(1).error.status == code::internal);
  }
  SECTION("never an answer") {
    simulated_config settings;
    settings.hang_rate = 1;
    add(settings);
    call(1, "m", 500);
    advance(490ms);
    CHECK_FALSE(calls().over(1));
    advance(10ms);
    REQUIRE(calls().over(1));
    CHECK(outcome(1).error.status == code::deadline);
  }
  SECTION("now and then, the same ones each time") {
    simulated_config settings;
    settings.error_rate = 0.3;
    settings.pieces = 1;
    add(settings);
    int failed = 0;
    for (std::uint64_t n = 1; n <= 100; ++n) {
      call(n, "m");
      advance(100ms);
      REQUIRE(calls().over(n));
      failed += outcome(n).status == run_status::failed;
    }
    CHECK((failed > 15 && failed < 45));
  }
}
