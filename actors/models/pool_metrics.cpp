#include "actors/models/pool_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/string_view.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <array>

namespace weir {

namespace {

// Seconds, from what a cache answers in to what nobody waits for.
constexpr std::array<double, 13> buckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                         0.25,  0.5,    1,     2.5,  5,     10};

double seconds(pool_metrics::duration x) { return std::chrono::duration<double>(x).count(); }

caf::telemetry::dbl_histogram* histogram(caf::actor_system& sys, const std::string& model,
                                         caf::string_view name, caf::string_view help) {
  auto* family = sys.metrics().histogram_family<double>("weir", name, {"model"},
                                                        {buckets.data(), buckets.size()}, help, "seconds");
  return family->get_or_add({{"model", model}});
}

} // namespace

pool_metrics::pool_metrics(caf::actor_system& sys, std::string model)
  : sys_(sys), model_(std::move(model)),
    queued_(histogram(sys, model_, "model-queued", "How long attempts waited for a worker.")),
    total_(histogram(sys, model_, "model-call", "How long attempts took, waiting included.")),
    breaker_(sys.metrics().gauge_instance("weir", "model-breaker-state", {{"model", model_}},
                                          "Whether attempts pass: 0 closed, 1 half-open, 2 open.")) {
  breaker_->value(0);
}

void pool_metrics::on_started(duration queued) { queued_->observe(seconds(queued)); }

void pool_metrics::on_over(const std::string& outcome, duration total) {
  total_->observe(seconds(total));
  count(outcome);
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
