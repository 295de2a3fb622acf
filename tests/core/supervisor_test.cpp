#include "actors/core/supervisor.hpp"
#include "actors/messages/type_ids.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <map>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// Answers with its incarnation's number; crashes on a string.
caf::behavior child_behavior(caf::event_based_actor*, int incarnation) {
  return {
      [incarnation](int x) { return x * 100 + incarnation; },
      [](const std::string& why) { throw std::runtime_error(why); },
      [](stop_atom) {},
  };
}

class supervisor_fixture : public test::fixture {
public:
  std::map<std::string, int> starts;
  std::vector<std::string> escalated;
  std::vector<std::chrono::milliseconds> delays;
  supervisor::config rules;

  supervisor_fixture() {
    rules.intensity = {3, 10s};
    rules.delays = {100ms, 5s, 2.0, 0.25};
    rules.observer.on_restart = [this](const std::string&, std::chrono::milliseconds x) {
      delays.push_back(x);
    };
    rules.observer.on_escalate = [this](const std::string& name) { escalated.push_back(name); };
  }

  caf::actor start(std::vector<std::string> names) {
    std::vector<child_spec> children;
    for (auto& name : names)
      children.push_back(
          {name, [this, name](caf::actor_system& sys) { return sys.spawn(child_behavior, ++starts[name]); }});
    auto out = own(sys.spawn<supervisor>(rules, children));
    run();
    return out;
  }

  caf::actor door(const caf::actor& boss, const std::string& name) {
    caf::actor out;
    caf::scoped_actor self{sys};
    auto pending = self->request(boss, caf::infinite, door_atom_v, name);
    run();
    pending.receive([&](caf::actor x) { out = std::move(x); },
                    [](const caf::error& e) { FAIL(to_string(e)); });
    return out;
  }

  /// Asks through a door; 0 is an error.
  int ask(const caf::actor& to, int x) {
    caf::scoped_actor self{sys};
    auto pending = self->request(to, caf::infinite, x);
    run();
    int out = 0;
    pending.receive([&](int y) { out = y; }, [](const caf::error&) {});
    return out;
  }

  void crash(const caf::actor& x) { send(x, std::string{"boom"}); }
};

} // namespace

TEST_CASE_METHOD(supervisor_fixture, "a crashed child is restarted after a back-off, behind the same door") {
  auto boss = start({"a"});
  auto a = door(boss, "a");
  CHECK(ask(a, 1) == 101);
  crash(a);
  CHECK(starts["a"] == 1);
  REQUIRE(delays.size() == 1);
  CHECK(delays[0] >= 75ms);
  CHECK(delays[0] <= 125ms);
  advance(130ms);
  CHECK(starts["a"] == 2);
  CHECK(ask(a, 1) == 102);
}

TEST_CASE_METHOD(supervisor_fixture, "what is sent to a child that is away waits for its successor") {
  auto boss = start({"a"});
  auto a = door(boss, "a");
  crash(a);
  caf::scoped_actor self{sys};
  auto pending = self->request(a, caf::infinite, 7);
  run();
  advance(130ms);
  int got = 0;
  pending.receive([&](int x) { got = x; }, [](const caf::error&) {});
  CHECK(got == 702);
}

TEST_CASE_METHOD(supervisor_fixture, "a door keeps a bounded number of messages and refuses the rest") {
  auto boss = start({"a"});
  auto a = door(boss, "a");
  crash(a);
  for (int i = 0; i < 1024; ++i) caf::anon_send(a, stop_atom_v);
  run();
  CHECK(ask(a, 1) == 0);
  advance(130ms);
  CHECK(ask(a, 1) == 102);
}

TEST_CASE_METHOD(supervisor_fixture,
                 "strategies restart that child, all of them, or that one and the later ones") {
  struct row {
    restart_strategy strategy;
    std::vector<int> starts;
  };
  auto x = GENERATE(values<row>({
      {restart_strategy::one_for_one, {1, 2, 1}},
      {restart_strategy::one_for_all, {2, 2, 2}},
      {restart_strategy::rest_for_one, {1, 2, 2}},
  }));
  rules.strategy = x.strategy;
  auto boss = start({"a", "b", "c"});
  std::vector<caf::actor> doors{door(boss, "a"), door(boss, "b"), door(boss, "c")};
  crash(doors[1]);
  advance(200ms);
  CHECK(std::vector<int>{starts["a"], starts["b"], starts["c"]} == x.starts);
  for (std::size_t i = 0; i < 3; ++i) CHECK(ask(doors[i], 1) == 100 + x.starts[i]);
}

TEST_CASE_METHOD(supervisor_fixture, "too many restarts in the window end the supervisor and its children") {
  auto boss = start({"a", "b"});
  auto a = door(boss, "a");
  auto b = door(boss, "b");
  auto watcher = own(sys.spawn<test::probe<int>>());
  for (int i = 0; i < 3; ++i) {
    crash(a);
    advance(600ms);
  }
  CHECK(starts["a"] == 4);
  CHECK(escalated.empty());
  crash(a);
  CHECK(escalated == std::vector<std::string>{"a"});
  CHECK(ask(b, 1) == 0);
  advance(10s);
  CHECK(starts["a"] == 4);
  CHECK(starts["b"] == 1);
}

TEST_CASE_METHOD(supervisor_fixture, "restarts that are far enough apart go on for ever") {
  auto boss = start({"a"});
  auto a = door(boss, "a");
  for (int i = 0; i < 8; ++i) {
    crash(a);
    advance(4s, 100ms);
  }
  CHECK(starts["a"] == 9);
  CHECK(escalated.empty());
}

TEST_CASE_METHOD(supervisor_fixture, "a child that is done is not started again") {
  auto boss = start({"a"});
  auto a = door(boss, "a");
  caf::anon_send_exit(a,
                      caf::exit_reason::user_shutdown); // the door passes nothing of this on: it ends itself
  run();
  CHECK(starts["a"] == 1);
  CHECK(delays.empty());
}

TEST_CASE("the back-off doubles up to its maximum and is spread by its jitter") {
  backoff x{100ms, 1s, 2.0, 0.5};
  CHECK(x.delay(0, 0.5) == 100ms);
  CHECK(x.delay(1, 0.5) == 200ms);
  CHECK(x.delay(3, 0.5) == 800ms);
  CHECK(x.delay(9, 0.5) == 1s);
  CHECK(x.delay(0, 0.0) == 50ms);
  CHECK(x.delay(0, 1.0) == 150ms);
  CHECK(x.delay(4'000'000'000U, 0.5) == 1s);
}

TEST_CASE_METHOD(supervisor_fixture,
                 "a supervisor that rests leaves its children for the window, and then begins anew") {
  rules.rests = true;
  auto boss = start({"a", "b"});
  auto a = door(boss, "a");
  for (int i = 0; i < 4; ++i) {
    send(a, std::string{"crash"});
    advance(6s, 100ms);
    if (i == 0) advance(12s, 1s); // out of the window
  }
  CHECK(escalated.empty());
  for (int i = 0; i < 4; ++i) {
    send(a, std::string{"crash"});
    advance(1s, 100ms);
  }
  CHECK(escalated == std::vector<std::string>{"a"});
  auto made = starts["a"];
  CHECK(ask(a, 1) == 0); // refused at once
  CHECK(ask(door(boss, "b"), 1) == 0);
  advance(10s, 1s);
  CHECK(starts["a"] == made + 1);
  CHECK(ask(a, 1) == 100 + made + 1); // by the same door
}

TEST_CASE_METHOD(supervisor_fixture, "children are started anew when that is asked for, whatever they do") {
  rules.rests = true;
  auto boss = start({"a"});
  auto a = door(boss, "a");
  send(boss, restart_atom_v);
  CHECK(ask(a, 1) == 102);
  for (int i = 0; i < 4; ++i) {
    send(a, std::string{"crash"});
    advance(1s, 100ms);
  }
  CHECK(ask(a, 1) == 0);
  auto made = starts["a"];
  send(boss, restart_atom_v);
  CHECK(ask(a, 1) == 100 + made + 1);
  advance(30s, 1s);
  CHECK(starts["a"] == made + 1); // the timer of its rest has nothing more to do
}
