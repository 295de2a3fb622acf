#include "actors/namespace/durable_subscription.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

class subscription_fixture {
public:
  event_log log{{5, 1 << 20, 1'000'000}};
  durable_subscription sub{"agent.a", {"a.*"}, 2, 0};

  void append(std::string type) {
    event x;
    x.seq = log.head() + 1;
    x.type = std::move(type);
    log.append({std::make_shared<const event>(std::move(x)), nullptr});
  }

  /// The seqs that it offers now, with `!` behind a second attempt.
  std::string offered() {
    std::string out;
    while (auto x = sub.next(log))
      out += (out.empty() ? "" : " ") + std::to_string(x->what->seq) + (x->attempt > 1 ? "!" : "");
    return out;
  }
};

} // namespace

TEST_CASE_METHOD(subscription_fixture, "a subscription offers matching events up to its window") {
  for (auto* x : {"a.1", "b.1", "a.2", "a.3"}) append(x);
  CHECK(offered() == "1 3");
  CHECK(sub.settle(1));
  CHECK(!sub.settle(1));
  CHECK(!sub.settle(4));
  CHECK(offered() == "4");
  CHECK(sub.in_hand() == 2);
}

TEST_CASE_METHOD(subscription_fixture,
                 "what a crashed subscriber had in hand is offered once more, then is dead") {
  for (auto* x : {"a.1", "a.2", "a.3"}) append(x);
  CHECK(offered() == "1 2");
  CHECK(sub.settle(1));
  CHECK(sub.on_gone(true).empty());
  CHECK(offered() == "2! 3");
  auto dead = sub.on_gone(true);
  REQUIRE(dead.size() == 1);
  CHECK(dead[0].what->seq == 2);
  CHECK(dead[0].attempt == 2);
  CHECK(offered() == "3!");
}

TEST_CASE_METHOD(subscription_fixture, "a subscriber that was stopped loses no attempt") {
  append("a.1");
  CHECK(offered() == "1");
  CHECK(sub.on_gone(false).empty());
  CHECK(offered() == "1");
}

TEST_CASE_METHOD(subscription_fixture, "events that were trimmed before they were offered are counted") {
  for (int i = 0; i < 8; ++i) append("a.x");
  CHECK(offered() == "4 5");
  CHECK(sub.missed() == 3);
}
