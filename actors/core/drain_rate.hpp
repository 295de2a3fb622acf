#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace weir {

/// Watches how fast a bounded queue drains and turns it into advice on when to try again.
/// All members may be called from any thread; the figures are estimates, so relaxed atomics do.
class drain_rate {
public:
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::int64_t min_retry_ms = 10;
  static constexpr std::int64_t max_retry_ms = 10'000;

  /// To be called when work comes into an empty queue: idle time is not service time.
  void on_busy(time_point now) noexcept;

  /// To be called when `n` pieces of work are done.
  void on_done(time_point now, std::uint64_t n = 1) noexcept;

  /// To be called for a refusal at `depth` of `limit`. Gives the time in which an eighth of the queue should
  /// have drained, more the more have been refused since it last moved; within [min_retry_ms, max_retry_ms].
  std::int64_t on_refused(time_point now, std::uint64_t limit) noexcept;

private:
  std::atomic<std::int64_t> mean_ns_{0};
  std::atomic<std::int64_t> last_move_ns_{0};
  std::atomic<std::uint64_t> refused_since_{0};
};

} // namespace weir
