#include "tests/support/model_fixture.hpp"
#include "tests/support/stages.hpp"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
using Catch::Approx;

namespace {

class stages_fixture : public model_fixture {
public:
  /// Of all namespaces: they have none of their own unless that is configured.
  observed stage(caf::string_view what) {
    return observed_of(sys, "model-stage", {{"namespace", "all"}, {"model", "m"}, {"stage", what}});
  }
};

} // namespace

TEST_CASE_METHOD(stages_fixture, "each stage of an attempt at a model is timed") {
  if (!stage_metrics) SKIP("built without");
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::answer({"How", " deep"}), script::answer({"So", " deep"})};
  call(1, "m");
  call(2, "m", 0, "another"); // waits for the only worker
  advance(100ms, 1ms);
  REQUIRE(outcome(1).status == run_status::complete);
  REQUIRE(outcome(2).status == run_status::complete);
  for (auto* what : {"queued", "first_piece", "done"}) {
    CHECK(stage(std::string{what}).count == 2);
  }
  CHECK(stage("queued").sum_s > 0); // the second waited for the first
  CHECK(stage("first_piece").sum_s <= stage("done").sum_s);
}

TEST_CASE_METHOD(stages_fixture, "an attempt that hangs shows as its timeout") {
  if (!stage_metrics) SKIP("built without");
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::hang_after({})};
  call(1, "m", 500);
  advance(600ms);
  REQUIRE(calls().over(1));
  CHECK(stage("queued").count == 1);
  CHECK(stage("first_piece").count == 0);
  CHECK(stage("done").count == 1);
  CHECK(stage("done").sum_s == Approx(0.5).margin(0.02));
}
