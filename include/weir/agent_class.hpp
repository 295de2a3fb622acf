#pragma once

// The class that an agent's author derives from.

#include "weir/call.hpp"
#include "weir/context.hpp"
#include "weir/event.hpp"
#include "weir/task.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// A named actor type that a namespace runs: derive, register, name it in the configuration. One object
/// serves one namespace; its handlers and continuations never run at the same time. An exception fails the
/// task in hand.
class agent {
public:
  virtual ~agent();

  /// The patterns of the events that it gets; none by default. Always the same ones.
  virtual std::vector<std::string> patterns() const;

  /// How many events it may have in hand at once, 1 by default; they are offered in order.
  virtual std::uint32_t concurrency() const;

  /// Whether a handler may block: on a file, a lock, a slow library. If so the agent runs on one of the
  /// `node.blocking_threads`, which it shares with other agents that block. If not (the default) it runs on
  /// the shared scheduler and must never block. Constructors always run on the shared scheduler.
  virtual bool blocking() const;

  /// Before the first event and call, and again after each restart; the place to set timers.
  virtual void on_start();

  /// An event of one of the patterns. Does nothing by default.
  virtual void on_event(const event& event, task job);

  /// A call; answer with `reply` or `fail`. A task that is dropped unanswered fails the call, as does the
  /// default.
  virtual void on_call(const agent_call& call, task job);

protected:
  /// From `on_start` on. @throws std::logic_error before, as in the constructor.
  agent_context& context() const;
  const agent_log& log() const { return context().log(); }
  agent_metrics& metrics() const { return context().metrics(); }

private:
  friend class agent_host;
  friend class testing::agent_test;
  std::unique_ptr<agent_context> context_;
};

} // namespace weir
