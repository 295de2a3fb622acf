#pragma once

#include "actors/core/gauge_share.hpp"
#include "actors/messages/runs.hpp"

#include <caf/fwd.hpp>
#include <caf/telemetry/counter.hpp>

#include <array>
#include <memory>
#include <string>

namespace weir {

/// What is counted of the runs of the namespaces of one label: see `namespace_label`.
struct run_metrics {
  run_metrics(caf::actor_system& sys, std::string label);

  caf::actor_system& sys;
  std::string label;
  caf::telemetry::int_counter* unkept;
  caf::telemetry::int_counter* forgotten;
  caf::telemetry::int_counter* awaited_dropped;
  caf::telemetry::int_gauge* runs;
  caf::telemetry::int_gauge* results;
  caf::telemetry::int_gauge* result_bytes;
  caf::telemetry::int_gauge* threads;
  caf::telemetry::int_gauge* thread_bytes;
};

/// One namespace's part of them.
class run_meters {
public:
  explicit run_meters(std::shared_ptr<run_metrics> whole);

  /// A run is over.
  void finished(run_status how);

  /// The actor ends: what it had is not there any more.
  void clear();

  /// The counters; the gauges are only changed by the shares below.
  run_metrics& all() noexcept { return *whole_; }

private:
  std::shared_ptr<run_metrics> whole_;
  std::array<caf::telemetry::int_counter*, 8> finished_{}; // made when first counted

public:
  gauge_share runs{whole_->runs};
  gauge_share results{whole_->results};
  gauge_share result_bytes{whole_->result_bytes};
  gauge_share threads{whole_->threads};
  gauge_share thread_bytes{whole_->thread_bytes};
};

} // namespace weir
