#include "actors/namespace/relay_metrics.hpp"

#include "actors/core/labelled_metrics.hpp"

namespace weir {

relay_metrics::relay_metrics(caf::actor_system& sys, std::string label) : stages(sys, label) {
  labelled_metrics make{sys, label};
  pending = make.gauge("namespace-pending", "Requests on their way to a namespace.");
  credit =
      make.gauge("namespace-pending-limit", "The bound on weir_namespace_pending: the credit of all relays.");
  held = make.gauge("namespace-held-back", "Requests that wait while their namespace moves.");
}

} // namespace weir
