#include "actors/core/stage_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <array>

namespace weir {

namespace {

constexpr std::array<double, 18> buckets{0.000025, 0.00005, 0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01,
                                         0.02,     0.05,    0.1,    0.2,    0.5,    1,     2,     5,     10};

} // namespace

std::string histogram_label(caf::actor_system& sys, const std::string& namespace_label) {
  return caf::get_or(sys.config(), "weir.namespace-histograms", false) ? namespace_label : "all";
}

caf::telemetry::dbl_histogram* stage_histogram(caf::actor_system& sys, caf::string_view family,
                                               caf::string_view help,
                                               const std::vector<caf::telemetry::label_view>& labels) {
  std::vector<caf::string_view> names;
  for (auto& x : labels) names.push_back(x.name());
  auto* all = sys.metrics().histogram_family<double>("weir", family, names, {buckets.data(), buckets.size()},
                                                     help, "seconds");
  return all->get_or_add(labels);
}

} // namespace weir
