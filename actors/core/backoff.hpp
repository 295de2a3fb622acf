#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace weir {

/// Exponential back-off with jitter. Used for restarts and for retries.
struct backoff {
  std::chrono::milliseconds min{100};
  std::chrono::milliseconds max{10'000};
  double factor = 2.0;
  double jitter = 0.25; ///< The delay is spread over ±this share of itself, within [0, 1).

  /// The delay before try `attempt` (0 is the first retry). `unit` is a random number in [0, 1).
  std::chrono::milliseconds delay(std::uint32_t attempt, double unit) const;
};

/// Deterministic source for jitter: seeded, so that a failing test can be run again. Small, as every
/// supervised actor and every call has one: a Mersenne twister would be 2.5 KB.
class jitter_source {
public:
  explicit jitter_source(std::uint64_t seed) : engine_(seed) {}
  double next() { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_); }

private:
  // Of 2^64, with Knuth's multiplier for MMIX.
  std::linear_congruential_engine<std::uint64_t, 6364136223846793005ULL, 1442695040888963407ULL, 0> engine_;
};

} // namespace weir
