#include "tests/support/model_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(model_fixture, "a call is answered, streamed and measured") {
  add_pool(config_of("m"));
  backend_of("m").scripts.push_back(script::answer({"Sehr", " tief,", " schön."}));
  call(1, "m");
  advance(100ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).text == "Sehr tief, schön.");
  CHECK(calls().deltas[1] == outcome(1).text);
  CHECK(calls().holes == 0);
  CHECK(outcome(1).first_piece_ms == 10);
  CHECK(outcome(1).elapsed_ms == 40);
}

TEST_CASE_METHOD(model_fixture, "with every worker hung each call ends at its own deadline exactly") {
  auto cfg = config_of("m", 2);
  cfg.retries = 5;
  add_pool(cfg);
  for (int i = 0; i < 100; ++i) backend_of("m").scripts.push_back(script::hang_after({}));
  for (std::uint64_t n = 1; n <= 20; ++n) call(n, "m", static_cast<std::int64_t>(50 * n));
  for (std::uint64_t n = 1; n <= 20; ++n) {
    advance(49ms, 1ms);
    CHECK_FALSE(calls().over(n));
    advance(1ms, 1ms);
    REQUIRE(calls().over(n));
    CHECK(outcome(n).status == run_status::failed);
    CHECK(outcome(n).error.status == code::deadline);
    CHECK(outcome(n).elapsed_ms == static_cast<std::int64_t>(50 * n));
  }
  CHECK(models.at("m").box->depth() == 0);
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(model_fixture, "a call whose pool is gone for good goes to the fallback without waiting") {
  auto cfg = config_of("m");
  cfg.retries = 0;
  cfg.fallback = {{true, "Come again."}};
  add_pool(cfg);
  caf::anon_send_exit(models.at("m").actor, caf::exit_reason::kill);
  run();
  call(1, "m", 200);
  run();
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::degraded);
  CHECK(outcome(1).error.status == code::unavailable);
}

TEST_CASE_METHOD(model_fixture,
                 "a pool that is killed in mid-call is made again, and the call is completed") {
  add_pool(config_of("m", 2));
  backend_of("m").scripts = {script::hang_after({"one,"}), script::hang_after({}), script::answer({" two"})};
  call(1, "m");
  call(2, "m");
  call(3, "m"); // waits
  advance(50ms);
  CHECK(models.at("m").box->depth() == 1);
  caf::anon_send_exit(backend_of("m").last_pool, caf::exit_reason::kill);
  run();
  CHECK(models.at("m").box->depth() == 0);
  CHECK(backend_of("m").open == 0); // its workers have gone with it
  advance(500ms);
  for (std::uint64_t n = 1; n <= 3; ++n) {
    REQUIRE(calls().over(n));
    CHECK(outcome(n).status == run_status::complete);
    CHECK(outcome(n).attempts == 2);
    CHECK(outcome(n).elapsed_ms < 500);
  }
  CHECK(outcome(1).text.substr(0, 4) == "one,");
  CHECK(calls().holes == 0);
}

TEST_CASE_METHOD(model_fixture, "what comes while a pool is away waits for the next one") {
  add_pool(config_of("m"));
  call(1, "m");
  advance(50ms);
  caf::anon_send_exit(backend_of("m").last_pool, caf::exit_reason::kill);
  run();
  call(2, "m");
  run();
  CHECK_FALSE(calls().over(2));
  CHECK(models.at("m").box->depth() == 1);
  advance(300ms);
  REQUIRE(calls().over(2));
  CHECK(outcome(2).status == run_status::complete);
  CHECK(outcome(2).attempts == 1);
}

TEST_CASE_METHOD(model_fixture,
                 "fallbacks are followed to theirs, each model once, and canned texts of theirs come last") {
  auto model = [this](const std::string& name, std::vector<fallback_step> fallback) {
    auto cfg = config_of(name);
    cfg.retries = 0;
    cfg.fallback = std::move(fallback);
    add_pool(cfg);
  };
  model("a", {{false, "b"}, {false, "c"}, {true, "Mine."}, {false, "e"}});
  model("b", {{true, "Of b."}, {false, "d"}});
  model("c", {{false, "d"}, {false, "gone"}});
  model("d", {{false, "c"}, {true, "Of d."}});
  model("e", {});
  std::vector<std::string> order;
  for (auto& x : model_call::steps_for(models, models.at("a").config)) order.push_back(x.value);
  CHECK(order == std::vector<std::string>{"a", "b", "d", "c", "Mine.", "e", "Of b.", "Of d."});
  for (auto* name : {"a", "b", "d"})
    backend_of(name).scripts = {script::fail_after({}, code::internal, false)};
  call(1, "a");
  advance(100ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::degraded);
  CHECK(outcome(1).parts.at(0).model == "c");
  CHECK(outcome(1).attempts == 4);
}

TEST_CASE_METHOD(model_fixture, "a caller cannot ask for more time than the model has") {
  add_pool(config_of("m"));
  backend_of("m").scripts.push_back(script::hang_after({"half"}));
  call(1, "m", 60'000);
  advance(1000ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::partial);
  CHECK(outcome(1).text == "half");
}

TEST_CASE_METHOD(model_fixture, "a call is tried again after a pause, and honours what the model asks for") {
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::fail_after({}, code::too_many, true, 400), script::answer({"ok"})};
  call(1, "m");
  advance(400ms);
  CHECK(backend_of("m").asked.size() == 1);
  advance(30ms);
  CHECK(backend_of("m").asked.size() == 2);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).attempts == 2);
}

TEST_CASE_METHOD(model_fixture,
                 "a worker killed in mid-stream costs one attempt, and the text goes on without a hole") {
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::hang_after({"one,", " zwölf,"}), script::answer({" three"})};
  call(1, "m");
  advance(50ms);
  CHECK(calls().deltas[1] == "one, zwölf,");
  caf::anon_send_exit(backend_of("m").last_worker, caf::exit_reason::kill);
  advance(300ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).text == "one, zwölf, three");
  CHECK(calls().deltas[1] == outcome(1).text);
  CHECK(calls().holes == 0);
  CHECK(outcome(1).attempts == 2);
  REQUIRE(outcome(1).parts.size() == 2);
  CHECK(outcome(1).parts[0].to == 11);
  CHECK(outcome(1).parts[1].from == 11);
  auto& again = backend_of("m").asked.at(1).messages;
  REQUIRE(again.size() == 2);
  CHECK(again[1].role == "assistant");
  CHECK(again[1].content == "one, zwölf,");
}

TEST_CASE_METHOD(model_fixture, "another model goes on where the first one stalled") {
  auto cfg = config_of("m");
  cfg.retries = 0;
  cfg.stall_timeout_ms = 100;
  cfg.fallback = {{false, "other"}};
  add_pool(cfg);
  add_pool(config_of("other"));
  backend_of("m").scripts = {script::hang_after({"first"})};
  backend_of("other").scripts = {script::answer({" second"})};
  call(1, "m");
  advance(300ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::degraded);
  CHECK(outcome(1).text == "first second");
  CHECK(calls().holes == 0);
  CHECK(outcome(1).parts.at(0).model == "m");
  CHECK(outcome(1).parts.at(1).model == "other");
}

TEST_CASE_METHOD(model_fixture,
                 "a full queue at the first model means the fallback, or its refusal as it was") {
  auto cfg = config_of("m");
  cfg.queue_limit = 1;
  cfg.timeout_ms = 10'000;
  add_pool(cfg);
  cfg.name = "with";
  cfg.fallback = {{true, "Come again."}};
  add_pool(cfg);
  std::uint64_t number = 0;
  for (auto* model : {"m", "with"}) {
    backend_of(model).scripts = {script::hang_after({}), script::hang_after({})};
    call(++number, model);
    call(++number, model);
  }
  call(++number, "m");
  REQUIRE(calls().over(number));
  CHECK(outcome(number).status == run_status::failed);
  CHECK(outcome(number).error.status == code::too_many);
  CHECK(outcome(number).error.reason == "model_queue_full");
  CHECK(outcome(number).error.retry_after_ms > 0);
  CHECK(outcome(number).error.limit == 1);
  call(++number, "with");
  REQUIRE(calls().over(number));
  CHECK(outcome(number).status == run_status::degraded);
  CHECK(outcome(number).text == "Come again.");
  CHECK(calls().deltas[number] == "Come again.");
}

TEST_CASE_METHOD(model_fixture, "at the deadline without any text, the canned one is the answer") {
  auto cfg = config_of("m");
  cfg.fallback = {{true, "I am short of breath."}};
  add_pool(cfg);
  backend_of("m").scripts = {script::hang_after({})};
  call(1, "m", 300);
  advance(290ms);
  CHECK_FALSE(calls().over(1));
  advance(10ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::degraded);
  CHECK(calls().deltas[1] == "I am short of breath.");
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(model_fixture, "cancelling closes what is in progress, also between two attempts") {
  add_pool(config_of("m"));
  SECTION("running") {
    backend_of("m").scripts = {script::hang_after({"half"})};
    call(1, "m");
    advance(50ms);
  }
  SECTION("waiting for its next attempt") {
    backend_of("m").scripts = {script::fail_after({}, code::internal, true, 500)};
    call(1, "m");
    advance(50ms);
  }
  cancel(1);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::cancelled);
  CHECK(outcome(1).error.status == code::cancelled);
  CHECK(backend_of("m").open == 0);
  advance(1000ms);
  CHECK(backend_of("m").asked.size() == 1);
}

TEST_CASE_METHOD(model_fixture, "a call that is dropped closes its attempt and calls nobody back") {
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::hang_after({"half"})};
  call(1, "m");
  advance(50ms);
  as_caller([this] { calls().calls.erase(1); });
  advance(2000ms);
  CHECK_FALSE(calls().over(1));
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(model_fixture, "the calls of an owner that dies are closed") {
  add_pool(config_of("m"));
  backend_of("m").scripts = {script::hang_after({"half"})};
  call(1, "m");
  advance(50ms);
  CHECK(backend_of("m").open == 1);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(model_fixture, "a model that does not exist is refused by name") {
  call(1, "nobody");
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::failed);
  CHECK(outcome(1).error.message == "no model named nobody");
}
