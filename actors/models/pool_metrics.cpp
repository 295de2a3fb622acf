#include "actors/models/pool_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

pool_metrics::pool_metrics(caf::actor_system& sys, std::string model)
  : sys_(sys), model_(std::move(model)),
    breaker_(sys.metrics().gauge_instance("weir", "model-breaker-state", {{"model", model_}},
                                          "Whether attempts pass: 0 closed, 1 half-open, 2 open.")) {
  breaker_->value(0);
}

void pool_metrics::on_breaker(circuit_breaker::state now) {
  breaker_->value(static_cast<std::int64_t>(now));
  sys_.metrics()
      .counter_instance("weir", "model-breaker-changes",
                        {{"model", model_}, {"to", std::string{to_string(now)}}},
                        "Changes of the breaker's state.", "1", true)
      ->inc();
}

void pool_metrics::count(const std::string& outcome) {
  sys_.metrics()
      .counter_instance("weir", "model-calls", {{"model", model_}, {"outcome", outcome}},
                        "Attempts that are over, by outcome.", "1", true)
      ->inc();
}

} // namespace weir
