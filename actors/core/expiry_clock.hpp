#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace weir {

/// The clock by which stored keys expire: milliseconds since the Unix epoch, as the wall clock, which it
/// follows by at most one `rate`th faster or slower than time goes by. So a wall clock that is set for a
/// moment takes nothing away that has its time, and one that is set for good is followed within hours. It
/// begins as the wall clock shows.
///
/// `follow` is for one thread, `now_ms` for any.
class expiry_clock {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::int64_t rate = 16;

  expiry_clock(time_point now, std::int64_t wall_ms) : ahead_ms_(wall_ms - ms(now)), followed_ms_(ms(now)) {}

  /// Goes after the wall clock, by what the time since the last call allows.
  void follow(time_point now, std::int64_t wall_ms) noexcept {
    auto most = std::max<std::int64_t>((ms(now) - followed_ms_) / rate, 0);
    if (most == 0) return; // nothing is lost: the next call has more
    followed_ms_ = ms(now);
    auto ahead = ahead_ms_.load(std::memory_order_relaxed);
    auto missing = wall_ms - ms(now) - ahead;
    ahead_ms_.store(ahead + std::clamp(missing, -most, most), std::memory_order_relaxed);
  }

  std::int64_t now_ms(time_point now) const noexcept {
    return ms(now) + ahead_ms_.load(std::memory_order_relaxed);
  }

private:
  static std::int64_t ms(time_point x) noexcept {
    return std::chrono::duration_cast<std::chrono::milliseconds>(x.time_since_epoch()).count();
  }

  std::atomic<std::int64_t> ahead_ms_; // of the monotonic clock
  std::int64_t followed_ms_;
};

} // namespace weir
