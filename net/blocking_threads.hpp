#pragma once

#include <caf/execution_unit.hpp>

#include <cstddef>
#include <memory>

namespace weir {

/// Threads for the agents of a node whose handlers may wait. There are at most `limit` of them, however many
/// agents there are; a thread is started when one is missing. Overflow policy: an agent with something to do
/// waits for a thread, first come, first served, and is given back its place after each message. Bounded by
/// the number of these agents, of which each waits once.
///
/// In metrics: `weir_agents_blocking_busy`, `weir_agents_blocking_waiting`, `weir_agents_blocking_limit`.
///
/// Its actors must be gone before it is destroyed, and it must be gone before its actor system.
class blocking_threads : public caf::execution_unit {
public:
  blocking_threads(caf::actor_system& sys, std::size_t limit);
  ~blocking_threads() override;

  blocking_threads(const blocking_threads&) = delete;
  blocking_threads& operator=(const blocking_threads&) = delete;

  /// Runs an actor of this unit here; any other is CAF's scheduler's. From any thread.
  void exec_later(caf::resumable* what) override;

  /// Ends the threads, once what they do has returned. More than once.
  void stop();

  /// So many threads have been started.
  std::size_t size() const;

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
