#pragma once

#include "actors/agents/agent.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

namespace weir {

/// An agent's timers, as part of its host. Bounded by `agent_context::max_timers`; overflow policy:
/// std::length_error, which is a crash. A turn whose predecessor is still in hand is left out, so that what a
/// timer has begun does not pile up either.
class agent_timers {
public:
  using job_ptr = std::shared_ptr<task_core>;

  /// @param self the host, must outlive this.
  /// @param make a task for a timer of this number, set by a task with so many hops.
  /// @param run hands it to the author.
  agent_timers(caf::event_based_actor* self, std::function<job_ptr(std::uint64_t, std::uint32_t)> make,
               std::function<void(const job_ptr&, const std::function<void(task)>&)> run,
               std::function<void()> on_skip)
    : self_(self), make_(std::move(make)), run_(std::move(run)), on_skip_(std::move(on_skip)) {}

  ~agent_timers();

  std::uint64_t start(std::int64_t ms, bool again, std::uint32_t hops, std::function<void(task)> what);
  void cancel(std::uint64_t number);

private:
  struct timer {
    std::int64_t ms = 0;
    bool again = false;
    std::uint32_t hops = 0;
    std::shared_ptr<const std::function<void(task)>> what; // shared, as it may cancel itself
    std::weak_ptr<task_core> in_hand;
    caf::disposable next;
  };

  void wait(std::uint64_t number, timer& x);
  void fire(std::uint64_t number);

  caf::event_based_actor* self_;
  std::function<job_ptr(std::uint64_t, std::uint32_t)> make_;
  std::function<void(const job_ptr&, const std::function<void(task)>&)> run_;
  std::function<void()> on_skip_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, timer> timers_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace weir
