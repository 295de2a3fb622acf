#pragma once

#include "actors/event/event.hpp"

#include <caf/fwd.hpp>

#include <chrono>
#include <functional>
#include <memory>

namespace weir {

/// Makes the text of a node's metrics, on a thread of its own: one at a time, and each is good for a second.
/// So neither the number of metrics nor that of those who ask for them costs the I/O threads anything.
///
/// Bound: `max_waiting` who wait for one text; more are told so.
class metrics_exporter {
public:
  static constexpr std::size_t max_waiting = 64;
  static constexpr std::chrono::seconds max_age{1};

  /// @param make writes the text; called on the exporter's thread.
  metrics_exporter(caf::actor_system& sys, std::function<std::string()> make);

  ~metrics_exporter();

  metrics_exporter(const metrics_exporter&) = delete;
  metrics_exporter& operator=(const metrics_exporter&) = delete;

  /// Calls `done` once, from any thread, with the text; null: too many wait, or the node ends. From any
  /// thread.
  void ask(std::function<void(frame_ptr)> done);

  /// Ends the thread; answers those who still wait, and all who come later, with null.
  void stop();

private:
  struct state;
  std::unique_ptr<state> state_;
};

} // namespace weir
