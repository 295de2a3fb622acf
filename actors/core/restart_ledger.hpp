#pragma once

#include "actors/core/backoff.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

namespace weir {

/// How often a supervisor restarts its children before it gives up.
struct restart_intensity {
  std::uint32_t max_restarts = 5;           ///< Restarts allowed within the window.
  std::chrono::milliseconds window{60'000}; ///< A sliding window.
};

/// Decides on each crash whether there is a restart, and after what delay. Plain: time comes from outside.
class restart_ledger {
public:
  using time_point = std::chrono::steady_clock::time_point;

  restart_ledger(restart_intensity intensity, backoff delays, std::uint64_t seed)
    : intensity_(intensity), delays_(delays), jitter_(seed) {}

  /// Records a crash. Gives the delay before the restart, or nothing when there were too many: escalate.
  std::optional<std::chrono::milliseconds> on_crash(time_point now);

  /// As if there had been no crash.
  void forget() { restarts_.clear(); }

  /// Restarts within the window that ended with the last crash.
  std::uint32_t recent() const noexcept { return static_cast<std::uint32_t>(restarts_.size()); }

private:
  restart_intensity intensity_;
  backoff delays_;
  jitter_source jitter_;
  std::deque<time_point> restarts_; // at most max_restarts
};

} // namespace weir
