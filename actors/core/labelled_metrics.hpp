#pragma once

#include <caf/actor_system.hpp>
#include <caf/string_view.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <string>

namespace weir {

/// Finds or makes the metrics of the namespaces of one label, `weir_<name>{namespace}`. CAF looks through all
/// labels of a family for each: see `label_book`. For the moment of a constructor: keeps references.
struct labelled_metrics {
  caf::actor_system& sys;
  const std::string& label; ///< See `namespace_label`.

  /// @param name in CAF's way of writing, `events-accepted`.
  caf::telemetry::int_counter* counter(caf::string_view name, caf::string_view help) const {
    return sys.metrics().counter_instance("weir", name, {{"namespace", label}}, help, "1", true);
  }

  caf::telemetry::int_gauge* gauge(caf::string_view name, caf::string_view help) const {
    return sys.metrics().gauge_instance("weir", name, {{"namespace", label}}, help);
  }
};

} // namespace weir
