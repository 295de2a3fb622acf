#pragma once

#include "actors/models/circuit_breaker.hpp"

#include <caf/fwd.hpp>
#include <caf/telemetry/gauge.hpp>

#include <string>

namespace weir {

/// What a pool tells about itself, beside its inbox's depth, limit and refusals:
/// `weir_model_calls` by outcome, `weir_model_breaker_state` (0 closed, 1 half-open, 2 open) and
/// `weir_model_breaker_changes` by the state that it changed to. How long calls take is told by those who
/// call: see `model_stages`.
class pool_metrics {
public:
  /// @param sys must outlive this.
  pool_metrics(caf::actor_system& sys, std::string model);

  /// An attempt is over. Outcomes: `done`, `failed`, `timeout`, `cancelled`, `worker_lost`; of those that
  /// never had a worker, `expired`, `evicted` (for a namespace with less in the queue) and `unavailable` (the
  /// breaker opened).
  void on_over(const std::string& outcome) { count(outcome); }

  /// An attempt was not taken into the queue: it is full, or the breaker is open. Outcomes: `refused`,
  /// `unavailable`.
  void on_refused(const std::string& outcome) { count(outcome); }

  void on_breaker(circuit_breaker::state now);

private:
  void count(const std::string& outcome);

  caf::actor_system& sys_;
  std::string model_;
  caf::telemetry::int_gauge* breaker_;
};

} // namespace weir
