#pragma once

#include <cstdint>
#include <vector>

namespace weir::bench {

/// Latencies of one run, in microseconds.
class latencies {
public:
  void add(std::int64_t us) { all_.push_back(us); }

  /// @param share of the samples at or below the value, (0, 1]. 0 when there are none.
  std::int64_t percentile(double share) const;

  std::size_t count() const noexcept { return all_.size(); }

private:
  std::vector<std::int64_t> all_;
};

} // namespace weir::bench
