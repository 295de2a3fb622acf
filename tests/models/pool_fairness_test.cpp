#include "tests/support/pool_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <string>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(pool_fixture, "a tenant that has filled the queue gives way to one that has less in it",
                 "[pools]") {
  auto cfg = config_of("m");
  cfg.queue_limit = 4;
  cfg.timeout_ms = 10'000;
  add_pool(cfg);
  hang_all(1);
  for (std::uint64_t id = 1; id <= 5; ++id) CHECK_FALSE(ask(id, 10'000, "noisy").refused());
  CHECK(ask(6, 10'000, "noisy").reason == "model_queue_full");
  advance(100ms);
  CHECK_FALSE(ask(100, 10'000, "quiet").refused());
  REQUIRE(failure_of(5) != nullptr); // the newest of the noisy ones
  auto& no = failure_of(5)->error;
  CHECK(failure_of(5)->refused);
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "model_queue_full");
  CHECK(no.scope == "model");
  CHECK(no.retry_after_ms > 0);
  CHECK(no.depth == 4);
  CHECK(no.limit == 4);
  CHECK_FALSE(ask(101, 10'000, "quiet").refused());
  CHECK(failure_of(4) != nullptr);
  CHECK_FALSE(ask(102, 10'000, "quiet").refused()); // it has its share now, and is told so by the pool
  REQUIRE(failure_of(102) != nullptr);
  CHECK(failure_of(102)->refused);
  CHECK(failure_of(102)->error.retry_after_ms > 0);
  CHECK(depth() == 4);
  CHECK(got().all<model_failed>().size() == 3);
  CHECK(calls_that("evicted") == 2);
  CHECK(calls_that("refused") == 1);
  cancel(1);
  advance(200ms);
  CHECK(got().all<model_done>().size() == 4);
  CHECK(depth() == 0);
}

TEST_CASE_METHOD(pool_fixture, "a tenant cannot have more on its way to a pool than the queue holds",
                 "[pools]") {
  auto cfg = config_of("m");
  cfg.queue_limit = 4;
  add_pool(cfg);
  auto offer = [this](const std::string& ns, std::uint64_t id) {
    auto& pool = models_of(ns).at("m");
    return pool.box->offer_anonymously(pool.actor, model_request{id, ns, {}, 1000, out});
  };
  for (std::uint64_t id = 1; id <= 4; ++id) CHECK_FALSE(offer("noisy", id).refused());
  CHECK(offer("noisy", 5).limit == 4); // though the pool has not read one of them
  CHECK_FALSE(offer("quiet", 6).refused());
  CHECK(depth() == 5);
  run();
  CHECK(got().all<model_failed>().empty());
}

TEST_CASE_METHOD(pool_fixture,
                 "while there are others a tenant with slow calls holds only its share of the workers",
                 "[pools]") {
  auto cfg = config_of("m", 4);
  cfg.share_window_ms = 2000;
  cfg.timeout_ms = 10'000;
  cfg.breaker.failures = 0;
  add_pool(cfg);
  ask(1, 1000, "quiet");
  advance(50ms);
  hang_all(4);
  for (std::uint64_t id = 2; id <= 9; ++id) ask(id, 10'000, "noisy");
  CHECK(backend_of("m").open == 2);
  CHECK(depth() == 6);
  ask(10, 1000, "quiet"); // finds a worker at once
  CHECK(depth() == 6);
  CHECK(backend_of("m").open == 3);
  cancel(10);
  advance(1990ms);
  CHECK(backend_of("m").open == 2);
  advance(20ms); // now it is alone
  CHECK(backend_of("m").open == 4);
}

TEST_CASE_METHOD(pool_fixture,
                 "tenants within their share are all served, however one of them floods the pool",
                 "[pools]") {
  auto cfg = config_of("m", 2);
  cfg.queue_limit = 12;
  cfg.timeout_ms = 60'000;
  add_pool(cfg);
  std::uint64_t taken = 0, id = 0;
  std::map<std::uint64_t, std::string> who;
  auto offer = [&](const std::string& ns) {
    who[++id] = ns;
    auto no = ask(id, 60'000, ns);
    taken += !no.refused();
    return no;
  };
  // The pool does one call in 10 ms. Three tenants offer two thirds of their quarters, one ten times all.
  for (int i = 0; i < 600; ++i) {
    for (int n = 0; n < 10; ++n) offer("noisy");
    if (i % 2 == 0) REQUIRE_FALSE(offer("quiet" + std::to_string(i / 2 % 3)).refused());
    advance(10ms);
  }
  advance(2000ms);
  std::map<std::string, int> failed, done;
  for (auto& x : got().all<model_failed>()) {
    REQUIRE(x.error.reason == "model_queue_full");
    ++failed[who.at(x.id)];
  }
  for (auto& x : got().all<model_done>()) ++done[who.at(x.id)];
  CHECK(failed["noisy"] > 0);
  CHECK(done["noisy"] > 250); // what the others left
  for (auto* ns : {"quiet0", "quiet1", "quiet2"}) {
    CHECK(failed[ns] == 0);
    CHECK(done[ns] == 100);
  }
  CHECK(got().all<model_done>().size() + got().all<model_failed>().size() == taken); // one answer each
  CHECK(depth() == 0);
}

TEST_CASE_METHOD(pool_fixture, "cancelling frees the worker and closes the upstream in the same instant",
                 "[pools]") {
  auto cfg = config_of("m");
  add_pool(cfg);
  backend_of("m").scripts = {script::hang_after({"half"}), script::hang_after({})};
  ask(1);
  ask(2);
  ask(3);
  SECTION("of a request that waits") {
    cancel(2);
    CHECK(depth() == 1);
    CHECK(backend_of("m").open == 1);
    CHECK(backend_of("m").asked.size() == 1);
  }
  SECTION("of one that has begun and said nothing") {
    cancel(1);
    CHECK(backend_of("m").asked.size() == 2);
    CHECK(backend_of("m").open == 1); // the second's, on the same worker
    CHECK(depth() == 1);
  }
  SECTION("of one that streams") {
    advance(10ms);
    REQUIRE(got().all<model_piece>().back().text == "half");
    cancel(1);
    CHECK(backend_of("m").asked.size() == 2);
    CHECK(backend_of("m").open == 1);
  }
  CHECK(calls_that("cancelled") == 1);
  CHECK(got().all<model_failed>().empty());
}
