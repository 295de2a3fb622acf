#include "actors/namespace/namespace_actor.hpp"

#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

/// A namespace by itself: no host, no orchestrator, no store.
class lone_namespace : public test::fixture {
public:
  using relay_probe = test::probe<attached, answer_batch, cancel_run>;

  lone_namespace() {
    namespace_actor::config cfg;
    cfg.name = "demo";
    cfg.epoch = "e1";
    cfg.targets = {"echo"};
    cfg.wall_clock_ms = [] { return 1000; };
    ns = own(sys.spawn<namespace_actor>(std::move(cfg)));
    relay = own(sys.spawn<relay_probe>());
    send(ns, attach_relay{"demo", relay});
  }

  ~lone_namespace() { ns = relay = nullptr; }

  template <class Request>
  void ask(Request what) {
    caf::send_as(relay, ns, request_batch{{{++tickets, std::move(what)}}});
    run();
  }

  caf::actor ns, relay;
  std::uint64_t tickets = 0;
};

} // namespace

TEST_CASE_METHOD(lone_namespace, "cancels wait for the orchestrator, up to their bound") {
  for (std::size_t i = 0; i < namespace_actor::max_cancels; ++i) ask(cancel_run{0, "alice/c", nullptr});
  auto& answers = deref<relay_probe>(relay).all<answer_batch>();
  CHECK(answers.empty());
  ask(cancel_run{0, "alice/c", nullptr});
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].answers[0].no.status == code::unavailable);
  CHECK(answers[0].answers[0].no.retry_after_ms > 0);
  auto orchestrator = own(sys.spawn<relay_probe>());
  send(ns, subscribe_durably{namespace_actor::orchestrator_name, {"sys.call.*"}, 8, orchestrator});
  auto& orders = deref<relay_probe>(orchestrator).all<cancel_run>();
  REQUIRE(orders.size() == namespace_actor::max_cancels);
  CHECK(orders[0].ticket == 1);
  CHECK(orders[0].relay == relay);
  orders.clear();
}

TEST_CASE_METHOD(lone_namespace,
                 "who repeats a call waits for it, and the oldest gives way above the bound") {
  call_request what;
  what.target = "echo";
  what.client_id = "alice";
  what.message_id = "c";
  what.input = "1";
  what.caller.relay = relay;
  const auto bound = limits{}.run_watchers;
  for (std::size_t i = 0; i <= bound; ++i) {
    what.caller.subscriber = i + 1;
    ask(what);
  }
  auto orchestrator = own(sys.spawn<test::probe<watch_run>>());
  send(ns, subscribe_durably{namespace_actor::orchestrator_name, {"sys.call.*"}, 8, orchestrator});
  auto& watchers = deref<test::probe<watch_run>>(orchestrator).all<watch_run>();
  REQUIRE(watchers.size() == bound);
  CHECK(watchers[0].who.subscriber == 2);
  watchers.clear();
}
