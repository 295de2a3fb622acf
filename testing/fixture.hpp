#pragma once

#include "actors/messages/meta_objects.hpp"
#include "testing/manual_unit.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace weir::test {

/// An actor system in which nothing happens by itself and the clock stands still until it is moved.
/// Actors of the scheduler and of one I/O unit run in a fixed order, on the test's own thread.
class fixture {
public:
  fixture()
    : sys(configure()), sched(dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler())), unit(sys) {}

  ~fixture() {
    // Tests name what they spawned with `own`; a live actor would hang the system's teardown.
    for (auto& x : owned_) caf::anon_send_exit(x, caf::exit_reason::kill);
    run();
    owned_.clear(); // what the actors hold may need the system's metrics
  }

  /// Ends this actor when the test is over.
  template <class Handle>
  Handle own(Handle x) {
    owned_.push_back(caf::actor_cast<caf::strong_actor_ptr>(x));
    return x;
  }

  /// Spawns an actor of the I/O unit.
  template <class T, class... Ts>
  caf::actor spawn_io(Ts&&... xs) {
    return own(sys.spawn<T>(unit, std::forward<Ts>(xs)...));
  }

  /// Runs until nobody has mail.
  void run() {
    while (sched.has_job() || unit.has_work()) {
      sched.run();
      if (unit.has_work()) unit.turn();
    }
  }

  /// Moves the clock in small steps, running what becomes due in each.
  void advance(std::chrono::milliseconds by, std::chrono::milliseconds step = std::chrono::milliseconds{10}) {
    run();
    while (by.count() > 0) {
      auto now = std::min(by, step);
      sched.advance_time(now);
      run();
      by -= now;
    }
  }

  template <class... Ts>
  void send(const caf::actor& to, Ts&&... xs) {
    caf::anon_send(to, std::forward<Ts>(xs)...);
    run();
  }

  /// The state of an actor that was spawned as class `T`.
  template <class T>
  T& deref(const caf::actor& x) {
    return *dynamic_cast<T*>(caf::actor_cast<caf::abstract_actor*>(x));
  }

private:
  struct config : caf::actor_system_config {
    config() { set("caf.scheduler.policy", "testing"); }
  };

  caf::actor_system_config& configure() {
    init_meta_objects();
    return cfg_.emplace();
  }

  std::optional<config> cfg_;
  std::vector<caf::strong_actor_ptr> owned_;

public:
  caf::actor_system sys;
  caf::scheduler::test_coordinator& sched;
  manual_unit unit;
};

/// Keeps every message of the given types, and ignores others.
template <class... Ts>
class probe : public caf::event_based_actor {
public:
  explicit probe(caf::actor_config& cfg) : caf::event_based_actor(cfg) {}

  caf::behavior make_behavior() override {
    set_default_handler(
        [](caf::scheduled_actor*, caf::message&) -> caf::skippable_result { return caf::make_message(); });
    set_exit_handler([this](const caf::exit_msg& x) { quit(x.reason); });
    return {[this](const Ts& x) { std::get<std::vector<Ts>>(got).push_back(x); }...};
  }

  template <class T>
  std::vector<T>& all() {
    return std::get<std::vector<T>>(got);
  }

private:
  std::tuple<std::vector<Ts>...> got;
};

} // namespace weir::test
