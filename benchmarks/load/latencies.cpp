#include "benchmarks/load/latencies.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace weir::bench {

namespace {

constexpr int half_bits = 6; // 64 steps per doubling
constexpr std::uint64_t half = 1 << half_bits;
constexpr std::uint64_t exact_below = 2 * half;
constexpr std::size_t steps = exact_below + (63 - half_bits - 1) * half;

std::size_t step_of(std::uint64_t value) {
  if (value < exact_below) return value;
  auto doublings = std::bit_width(value) - half_bits - 1; // value >> doublings is in [half, 2 * half)
  return static_cast<std::size_t>(doublings) * half + (value >> doublings);
}

std::int64_t middle_of(std::size_t step) {
  if (step < exact_below) return static_cast<std::int64_t>(step);
  auto doublings = step / half - 1;
  auto lowest = (step % half + half) << doublings;
  return static_cast<std::int64_t>(lowest + (1ULL << doublings) / 2);
}

} // namespace

void latencies::add(std::int64_t value) {
  if (counts_.empty()) counts_.resize(steps);
  value = std::max<std::int64_t>(value, 0);
  ++counts_[step_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
}

void latencies::merge(const latencies& other) {
  if (other.count_ == 0) return;
  if (counts_.empty()) counts_.resize(steps);
  for (std::size_t i = 0; i < steps; ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::int64_t latencies::percentile(double share) const {
  if (count_ == 0) return 0;
  auto rank = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  rank = std::clamp<std::uint64_t>(rank, 1, count_);
  if (rank == count_) return max_;
  std::size_t step = 0;
  for (auto seen = counts_[0]; seen < rank; seen += counts_[step]) ++step;
  return std::min(middle_of(step), max_);
}

} // namespace weir::bench
