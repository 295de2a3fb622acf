#pragma once

#include <caf/fwd.hpp>
#include <caf/telemetry/histogram.hpp>

#include <chrono>
#include <string>

namespace weir {

/// What a pool tells about itself, beside its inbox's depth, limit and refusals:
/// `weir_model_calls` by outcome, `weir_model_queued_seconds` and `weir_model_call_seconds` as histograms.
class pool_metrics {
public:
  using duration = std::chrono::steady_clock::duration;

  /// @param sys must outlive this.
  pool_metrics(caf::actor_system& sys, std::string model);

  /// An attempt has found a worker.
  void on_started(duration queued);

  /// An attempt is over. Outcomes: `done`, `failed`, `timeout`, `cancelled`, `expired` (in the queue),
  /// `worker_lost`.
  void on_over(const std::string& outcome, duration total);

private:
  caf::actor_system& sys_;
  std::string model_;
  caf::telemetry::dbl_histogram* queued_;
  caf::telemetry::dbl_histogram* total_;
};

} // namespace weir
