#pragma once

#include "actors/core/label_book.hpp"
#include "actors/namespace/event_stages.hpp"

#include <caf/telemetry/gauge.hpp>

#include <string>

namespace weir {

/// What the relays of the namespaces of one label tell: see `namespace_label`.
struct relay_metrics {
  relay_metrics(caf::actor_system& sys, std::string label);

  caf::telemetry::int_gauge* pending;
  caf::telemetry::int_gauge* credit;
  caf::telemetry::int_gauge* held;
  event_stages stages;
};

/// Shared by the relays of one thread.
using relay_metrics_book = label_book<relay_metrics>;

} // namespace weir
