#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace weir::bench {

/// Latencies of one run, in the unit in which they are added. A log-linear histogram (as HdrHistogram):
/// values below 128 are kept exactly, larger ones in 64 equal steps per doubling. What it gives back is the
/// middle of a step, so at most 0.8% away from what was added. 30 KiB, however much is added.
class latencies {
public:
  /// A negative value counts as 0.
  void add(std::int64_t value);

  void merge(const latencies& other);

  /// @param share of the samples at or below the value, (0, 1]. 0 when there are none.
  std::int64_t percentile(double share) const;

  /// Exact.
  std::int64_t max() const noexcept { return max_; }

  std::size_t count() const noexcept { return count_; }

private:
  std::vector<std::uint64_t> counts_; // by step; empty until the first value
  std::size_t count_ = 0;
  std::int64_t max_ = 0;
};

} // namespace weir::bench
