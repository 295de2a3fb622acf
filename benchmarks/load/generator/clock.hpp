#pragma once

#include <cstdint>

#include <time.h>

namespace weir::bench {

constexpr std::int64_t ns_per_s = 1'000'000'000;
constexpr std::int64_t ns_per_ms = 1'000'000;

inline std::int64_t clock_ns(clockid_t which) {
  timespec x{};
  clock_gettime(which, &x);
  return x.tv_sec * ns_per_s + x.tv_nsec;
}

/// CLOCK_MONOTONIC: the same one in all processes of a machine.
inline std::int64_t now_ns() { return clock_ns(CLOCK_MONOTONIC); }

inline std::int64_t from_s(double s) { return static_cast<std::int64_t>(s * 1e9); }
inline double to_s(std::int64_t ns) { return static_cast<double>(ns) / 1e9; }
inline double to_ms(std::int64_t ns) { return static_cast<double>(ns) / 1e6; }

} // namespace weir::bench
