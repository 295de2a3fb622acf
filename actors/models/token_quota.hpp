#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace weir {

/// So many tokens a minute, of which at most a minute's worth is saved up. What an answer has used is known
/// when it is over, so it is charged afterwards: the balance may fall below nought, and no attempt begins
/// until it is above again. Overflow policy: `429 quota`, by whoever asks.
///
/// One number, the time at which the balance would be full again (the "theoretical arrival time" of the
/// generic cell rate algorithm, ITU-T I.371), so that all actors of a namespace share it without a lock. Any
/// thread may call any member.
class token_quota {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::hours max_debt{1}; ///< Charges above it are forgiven.

  /// @param per_minute 0: no quota.
  explicit token_quota(std::uint64_t per_minute) : per_minute_(per_minute) {}

  void charge(std::uint64_t tokens, time_point now) noexcept;

  /// 0: an attempt may begin. Else in how many milliseconds, at least 1.
  std::int64_t retry_after_ms(time_point now) const noexcept;

  /// Tokens that are used up of `limit`; more than that while there is debt.
  std::uint64_t used(time_point now) const noexcept;
  std::uint64_t limit() const noexcept { return per_minute_; }

private:
  std::uint64_t per_minute_;
  std::atomic<std::int64_t> full_at_ns_{0};
};

} // namespace weir
