#include "actors/core/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

std::chrono::milliseconds backoff::delay(std::uint32_t attempt, double unit) const {
  auto base = static_cast<double>(min.count()) * std::pow(factor, std::min<std::uint32_t>(attempt, 32));
  auto capped = std::min(base, static_cast<double>(max.count()));
  auto spread = capped * (1.0 + jitter * (2.0 * unit - 1.0));
  return std::chrono::milliseconds{static_cast<std::int64_t>(spread)};
}

} // namespace weir
