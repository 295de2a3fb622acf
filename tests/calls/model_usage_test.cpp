#include "tests/support/model_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

TEST_CASE_METHOD(model_fixture,
                 "above its tokens a namespace is refused, by every model, and others are not") {
  auto cfg = config_of("m");
  cfg.fallback = {{false, "other"}};
  add_pool(cfg);
  add_pool(config_of("other"));
  auto used = script::answer({"long"});
  used.usage = token_usage{100, 20};
  backend_of("m").scripts = {used};
  tokens_per_min = 60;
  call(1, "m");
  advance(50ms);
  CHECK(outcome(1).status == run_status::complete);
  call(2, "m");
  REQUIRE(calls().over(2));
  auto& no = outcome(2).error;
  CHECK(outcome(2).status == run_status::failed);
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "quota");
  CHECK(no.scope == "namespace");
  CHECK(no.depth == 120);
  CHECK(no.limit == 60);
  CHECK((no.retry_after_ms > 59'000 && no.retry_after_ms < 61'000));
  CHECK(backend_of("other").asked.empty()); // the quota is over all models
  call(3, "m", 0, "another");
  advance(50ms);
  CHECK(outcome(3).status == run_status::complete);
  auto wait = std::chrono::milliseconds{no.retry_after_ms};
  advance(wait, 500ms);
  call(4, "m");
  advance(50ms);
  CHECK(outcome(4).status == run_status::complete);
  CHECK(counted("usage-refused", {{"namespace", "demo"}, {"model", "m"}, {"reason", "quota"}}) == 1);
  CHECK(counted("usage-calls", {{"namespace", "demo"}, {"model", "m"}}) == 2);
  CHECK(counted("usage-tokens", {{"namespace", "demo"}, {"model", "m"}, {"direction", "input"}}) == 103);
}

TEST_CASE_METHOD(model_fixture, "above its tokens a namespace gets a canned answer where there is one") {
  auto cfg = config_of("m");
  cfg.fallback = {{false, "other"}, {true, "Later."}};
  add_pool(cfg);
  add_pool(config_of("other"));
  tokens_per_min = 1;
  call(1, "m");
  advance(50ms);
  call(2, "m");
  REQUIRE(calls().over(2));
  CHECK(outcome(2).status == run_status::degraded);
  CHECK(outcome(2).text == "Later.");
  CHECK(outcome(2).error.reason == "quota");
  CHECK(outcome(2).attempts == 0);
  CHECK(backend_of("other").asked.empty());
}

TEST_CASE_METHOD(model_fixture, "what a server does not count, and what was broken off, is estimated") {
  add_pool(config_of("m"));
  auto silent = script::answer({std::string(39, 'x')});
  silent.usage = token_usage{};
  backend_of("m").scripts = {silent, script::hang_after({std::string(8, 'y')}), script::hang_after({})};
  auto tokens = [this](const std::string& direction) {
    return counted("usage-tokens", {{"namespace", "demo"}, {"model", "m"}, {"direction", direction}});
  };
  call(1, "m");
  advance(50ms);
  CHECK(tokens("input") == 6); // "How deep is the weir?": 21 code points
  CHECK(tokens("output") == 10);
  for (std::uint64_t n : {2, 3}) { // the third says nothing before it is cancelled
    call(n, "m");
    advance(50ms);
    cancel(n);
  }
  CHECK(tokens("input") == 12);
  CHECK(tokens("output") == 12);
  CHECK(counted("usage-calls", {{"namespace", "demo"}, {"model", "m"}}) == 3);
}
