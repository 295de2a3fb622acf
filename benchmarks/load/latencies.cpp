#include "benchmarks/load/latencies.hpp"

#include <algorithm>
#include <cmath>

namespace weir::bench {

std::int64_t latencies::percentile(double share) const {
  if (all_.empty()) return 0;
  auto sorted = all_;
  auto rank = static_cast<std::size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  auto at = sorted.begin() + static_cast<std::ptrdiff_t>(std::max<std::size_t>(rank, 1) - 1);
  std::nth_element(sorted.begin(), at, sorted.end());
  return *at;
}

} // namespace weir::bench
