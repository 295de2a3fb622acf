#include "actors/namespace/relay_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

relay_metrics::relay_metrics(caf::actor_system& sys, std::string label) : stages(sys, label) {
  auto gauge = [&](caf::string_view name, caf::string_view help) {
    return sys.metrics().gauge_instance("weir", name, {{"namespace", label}}, help);
  };
  pending = gauge("namespace-pending", "Requests on their way to a namespace.");
  credit = gauge("namespace-pending-limit", "The bound on weir_namespace_pending: the credit of all relays.");
  held = gauge("namespace-held-back", "Requests that wait while their namespace moves.");
}

} // namespace weir
