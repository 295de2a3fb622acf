#pragma once

#include "actors/core/stage_metrics.hpp"

#include <caf/actor_system.hpp>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace weir::test {

/// What a histogram of stages has seen.
struct observed {
  std::int64_t count = 0;
  double sum_s = 0;
};

inline observed observed_of(caf::actor_system& sys, caf::string_view family,
                            const std::vector<caf::telemetry::label_view>& labels) {
  auto* x = stage_histogram(sys, family, "", labels);
  observed out;
  for (auto& bucket : x->buckets()) out.count += bucket.count.value();
  out.sum_s = x->sum();
  return out;
}

} // namespace weir::test
