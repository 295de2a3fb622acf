#pragma once

#include "actors/core/gauge_share.hpp"
#include "actors/runs/messages.hpp"

#include <caf/fwd.hpp>
#include <caf/telemetry/counter.hpp>

#include <array>
#include <string>

namespace weir {

/// What is counted of one namespace's runs, under its label: see `namespace_label`.
struct run_meters {
  run_meters(caf::actor_system& sys, std::string label);

  /// A run is over.
  void finished(run_status how);

  /// The actor ends: what it had is not there any more.
  void clear();

  caf::telemetry::int_counter* unkept;
  caf::telemetry::int_counter* forgotten;
  caf::telemetry::int_counter* awaited_dropped;
  gauge_share runs;
  gauge_share results;
  gauge_share result_bytes;
  gauge_share threads;
  gauge_share thread_bytes;

private:
  caf::actor_system& sys_;
  std::string label_;
  std::array<caf::telemetry::int_counter*, 8> finished_{}; // made when first counted
};

} // namespace weir
