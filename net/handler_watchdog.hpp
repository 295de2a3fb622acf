#pragma once

#include "actors/agents/handler_watch.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace weir {

class io_thread;

/// Names the handlers of agents that do not return: once each in the log, and in
/// `weir_agents_slow_handlers_total` and `weir_agents_handlers_overdue`. It looks from an I/O thread, as a
/// handler that does not return has a thread of CAF's scheduler for itself, perhaps the last.
///
/// Must be stopped before its I/O thread is; what is left of it then may live longer.
class handler_watchdog : public handler_watch {
public:
  /// @param limit how long a handler may run.
  handler_watchdog(caf::actor_system& sys, io_thread& unit, std::chrono::milliseconds limit);
  ~handler_watchdog() override;

  void add(std::weak_ptr<const watched_agent> what) override;

  /// The handlers that have not returned for as long, as text. From any thread.
  std::vector<std::string> overdue();

  /// It looks no more. From any other thread than its own; more than once.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir
