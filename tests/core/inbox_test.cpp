#include "actors/core/inbox.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// Takes work and, if told so, keeps its permit until it gets a string.
class worker : public caf::event_based_actor {
public:
  worker(caf::actor_config& cfg, bool keeps) : caf::event_based_actor(cfg), keeps_(keeps) {}

  caf::behavior make_behavior() override {
    return {
        [this](permit& place, int) {
          ++done;
          if (keeps_) kept_.push_back(std::move(place));
        },
        [this](const std::string&) { kept_.clear(); },
    };
  }

  int done = 0;

private:
  bool keeps_;
  std::vector<permit> kept_;
};

class inbox_fixture : public test::fixture {
public:
  inbox_ptr box = inbox::make(sys, {"test.worker", 3, "namespace_full", "namespace"});
  caf::scoped_actor self{sys};

  refusal offer(const caf::actor& to, int x) { return box->offer(self.ptr(), to, x); }
};

} // namespace

TEST_CASE_METHOD(inbox_fixture, "an inbox takes up to its limit and refuses the next with a hint") {
  auto to = own(sys.spawn<worker>(false));
  for (int i = 0; i < 3; ++i) CHECK(!offer(to, i).refused());
  auto no = offer(to, 3);
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "namespace_full");
  CHECK(no.scope == "namespace");
  CHECK(no.depth == 3);
  CHECK(no.limit == 3);
  CHECK(no.retry_after_ms > 0);
  CHECK(box->depth() == 3);
  run();
  CHECK(box->depth() == 0);
  CHECK(deref<worker>(to).done == 3);
  CHECK(!offer(to, 4).refused());
}

TEST_CASE_METHOD(inbox_fixture, "work counts until the handler lets go of its permit") {
  auto to = own(sys.spawn<worker>(true));
  for (int i = 0; i < 3; ++i) offer(to, i);
  run();
  CHECK(deref<worker>(to).done == 3);
  CHECK(box->depth() == 3);
  CHECK(offer(to, 3).refused());
  send(to, std::string{"let go"});
  CHECK(box->depth() == 0);
}

TEST_CASE_METHOD(inbox_fixture, "an actor that dies gives its places back, read or unread") {
  // What it kept goes with the actor's state, once nobody holds a handle of it any more.
  auto to = sys.spawn<worker>(true);
  offer(to, 1);
  run();
  caf::anon_send_exit(to, caf::exit_reason::kill);
  offer(to, 2);
  offer(to, 3);
  CHECK(box->depth() == 3);
  run();
  offer(to, 4); // to one that is gone
  run();
  to = nullptr;
  CHECK(box->depth() == 0);
}

TEST_CASE_METHOD(inbox_fixture, "control messages are taken when the inbox is full") {
  auto to = own(sys.spawn<worker>(true));
  for (int i = 0; i < 3; ++i) offer(to, i);
  run();
  REQUIRE(offer(to, 9).refused());
  send(to, std::string{"let go"});
  CHECK(box->depth() == 0);
}

TEST_CASE_METHOD(inbox_fixture,
                 "the hint follows how fast the inbox drains, and grows while it stands still") {
  auto to = own(sys.spawn<worker>(true));
  auto fill = [&] {
    while (!offer(to, 0).refused()) {
    }
    run();
  };
  fill();
  advance(100ms);
  auto after_100ms = offer(to, 0).retry_after_ms;
  advance(1000ms);
  auto after_1100ms = offer(to, 0).retry_after_ms;
  CHECK(after_100ms >= 100);
  CHECK(after_1100ms > after_100ms);
  CHECK(after_1100ms <= drain_rate::max_retry_ms);
  auto again = offer(to, 0).retry_after_ms; // more pressure
  CHECK(again >= after_1100ms);
}

TEST_CASE("a queue that drains fast asks for a short wait and a slow one for a long") {
  auto hint = [](std::chrono::milliseconds each) {
    drain_rate rate;
    auto now = drain_rate::time_point{} + 1h;
    rate.on_busy(now);
    for (int i = 0; i < 50; ++i) rate.on_done(now += each);
    return rate.on_refused(now, 80);
  };
  CHECK(hint(1ms) < hint(20ms));
  CHECK(hint(1ms) == 11);
  CHECK(hint(0ms) == drain_rate::min_retry_ms);
  CHECK(hint(10s) == drain_rate::max_retry_ms);
}

TEST_CASE_METHOD(inbox_fixture, "of an inbox, no more than its limit is taken through a part of it") {
  auto part = inbox::share_of(sys, box, 2);
  auto other = inbox::share_of(sys, box, 2);
  auto place = [](const inbox_ptr& from) { return from->try_take(); };
  std::vector<std::variant<permit, refusal>> taken{place(part), place(part)};
  auto no = std::get<refusal>(place(part));
  CHECK(no.reason == "namespace_full");
  CHECK(no.depth == 2);
  CHECK(no.limit == 2);
  CHECK(no.retry_after_ms > 0);
  taken.push_back(place(other));
  CHECK(box->depth() == 3);
  no = std::get<refusal>(place(other)); // there is room in the part, but not in the whole
  CHECK(no.limit == 3);
  CHECK(other->depth() == 1);
  taken.clear();
  CHECK(part->depth() + other->depth() + box->depth() == 0);
  CHECK(std::holds_alternative<permit>(place(other)));
}
