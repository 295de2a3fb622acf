#include "actors/core/namespace_label.hpp"
#include "actors/models/model_account.hpp"
#include "actors/models/token_quota.hpp"
#include "actors/models/worker_shares.hpp"

#include <catch2/catch_test_macros.hpp>

#include <thread>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;

namespace {

const std::chrono::steady_clock::time_point t0{1h};

} // namespace

TEST_CASE("who is alone may have all workers; while there are others, only its share", "[shares]") {
  worker_shares x{4, 0.5, 10s};
  CHECK(x.limit() == 2);
  x.on_arrived("noisy", t0);
  for (int i = 0; i < 4; ++i) {
    CHECK(x.may_start("noisy", t0));
    x.on_started("noisy");
  }
  x.on_arrived("quiet", t0 + 1s);
  CHECK(x.may_start("quiet", t0 + 1s));
  x.on_ended("noisy", t0 + 1s);
  CHECK_FALSE(x.may_start("noisy", t0 + 1s)); // it has three
  x.on_ended("noisy", t0 + 1s);
  x.on_ended("noisy", t0 + 1s);
  CHECK(x.may_start("noisy", t0 + 1s));
  x.on_started("noisy");
  CHECK_FALSE(x.may_start("noisy", t0 + 11s - 1ms));
  CHECK(x.next_change(t0 + 1s) == t0 + 11s);
  CHECK(x.may_start("noisy", t0 + 11s)); // the other has been away for long enough
}

TEST_CASE("a call in progress keeps its namespace among the others, however long it takes", "[shares]") {
  worker_shares x{2, 0.5, 1s};
  x.on_arrived("slow", t0);
  x.on_started("slow");
  x.on_started("noisy");
  CHECK_FALSE(x.may_start("noisy", t0 + 1min));
  x.on_ended("slow", t0 + 1min);
  CHECK_FALSE(x.may_start("noisy", t0 + 1min));
  CHECK(x.may_start("noisy", t0 + 1min + 1s));
}

TEST_CASE("of three namespaces each is another to the others", "[shares]") {
  worker_shares x{2, 0.5, 1s};
  for (auto* ns : {"a", "b", "c"}) x.on_arrived(ns, t0);
  for (auto* ns : {"a", "b", "c"}) {
    x.on_started(ns);
    CHECK_FALSE(x.may_start(ns, t0));
    x.on_ended(ns, t0);
  }
}

TEST_CASE("a share is rounded up and is never less than one worker", "[shares]") {
  CHECK(worker_shares(1, 0.5, 1s).limit() == 1);
  CHECK(worker_shares(3, 0.5, 1s).limit() == 2);
  CHECK(worker_shares(10, 0.1, 1s).limit() == 1);
  CHECK(worker_shares(4, 0.01, 1s).limit() == 1);
  worker_shares all{2, 1.0, 1h};
  all.on_arrived("other", t0);
  all.on_started("noisy");
  CHECK(all.may_start("noisy", t0));
}

TEST_CASE("a token quota lets a minute's worth through, then as much as comes back", "[quota]") {
  token_quota x{600};
  CHECK(x.retry_after_ms(t0) == 0);
  x.charge(599, t0);
  CHECK(x.retry_after_ms(t0) == 0);
  CHECK(x.used(t0) == 599);
  x.charge(101, t0); // what an answer has used is only known afterwards
  CHECK(x.used(t0) == 700);
  CHECK(x.retry_after_ms(t0) == 10'001); // ten a second come back
  CHECK(x.retry_after_ms(t0 + 10s) == 1);
  CHECK(x.retry_after_ms(t0 + 10'001ms) == 0);
  CHECK(x.used(t0 + 1h) == 0);
  CHECK(x.retry_after_ms(t0 + 1h) == 0);
}

TEST_CASE("no more than a minute's worth of tokens is saved up, and debt is bounded", "[quota]") {
  token_quota x{60};
  x.charge(1, t0);
  x.charge(60, t0 + 1h);
  CHECK(x.retry_after_ms(t0 + 1h) == 1);
  x.charge(~std::uint64_t{0}, t0 + 1h);
  CHECK(x.retry_after_ms(t0 + 1h) <= 3'600'000);
  CHECK(x.retry_after_ms(t0 + 2h) == 0);
}

TEST_CASE("a token quota of nought is none", "[quota]") {
  token_quota x{0};
  x.charge(1'000'000, t0);
  CHECK(x.retry_after_ms(t0) == 0);
}

TEST_CASE("charges of many threads are all counted", "[quota]") {
  token_quota x{1'000'000};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&x] {
      for (int n = 0; n < 10'000; ++n) x.charge(3, t0);
    });
  for (auto& t : threads) t.join();
  CHECK(x.used(t0) == 120'000);
}

TEST_CASE("what nobody counted is estimated by its length, a quarter of the code points", "[quota]") {
  auto used = estimate_usage({{"system", "12345"}, {"user", "äöüß"}}, "123456789");
  CHECK(used.input_tokens == 2 + 1);
  CHECK(used.output_tokens == 3);
  used = estimate_usage({{"user", "12345"}}, "");
  CHECK(used.input_tokens + used.output_tokens == 0);
}

TEST_CASE("the first thousand namespaces have a label of their own", "[quota]") {
  CHECK(namespace_label("a", 0) == "a");
  CHECK(namespace_label("a", 999) == "a");
  CHECK(namespace_label("a", 1000) == "other");
}
