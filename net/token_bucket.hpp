#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>

namespace weir {

/// A rate with a burst: `rate_per_s` tokens a second, of which at most `burst` are saved up. Plain: time
/// comes from outside and must not go back.
class token_bucket {
public:
  using time_point = std::chrono::steady_clock::time_point;

  static constexpr std::int64_t max_retry_ms = 10'000;

  token_bucket(std::uint64_t rate_per_s, std::uint64_t burst, time_point now)
    : rate_per_s_(static_cast<double>(std::max<std::uint64_t>(rate_per_s, 1))),
      burst_(static_cast<double>(std::max<std::uint64_t>(burst, 1))), tokens_(burst_), last_(now) {}

  /// Another rate and burst from now on. What has been used up stays so.
  void set(std::uint64_t rate_per_s, std::uint64_t burst) {
    auto used = burst_ - tokens_;
    rate_per_s_ = static_cast<double>(std::max<std::uint64_t>(rate_per_s, 1));
    burst_ = static_cast<double>(std::max<std::uint64_t>(burst, 1));
    tokens_ = std::max(burst_ - used, 0.0);
  }

  /// Takes one token. Gives 0, or after how many milliseconds to try again: never 0 then, and more the more
  /// have been refused since the last success; at most `max_retry_ms`.
  std::int64_t take(time_point now) {
    refill(now);
    if (tokens_ >= 1) {
      tokens_ -= 1;
      refused_ = 0;
      return 0;
    }
    ++refused_;
    auto wait_ms = std::ceil((static_cast<double>(refused_) - tokens_) * 1000 / rate_per_s_);
    return std::clamp(static_cast<std::int64_t>(wait_ms), std::int64_t{1}, max_retry_ms);
  }

  bool has_token(time_point now) {
    refill(now);
    return tokens_ >= 1;
  }

  /// Whether nothing is known of it at `now` that a new one would not know.
  bool is_full(time_point now) const noexcept {
    auto passed = std::chrono::duration<double>(now - last_).count();
    return tokens_ + std::max(passed, 0.0) * rate_per_s_ >= burst_;
  }

  /// How much of the burst is used up, within [0, 1], as of the last call of `take`.
  double pressure() const noexcept { return 1 - tokens_ / burst_; }

  std::uint64_t used() const noexcept { return static_cast<std::uint64_t>(burst_ - tokens_); }
  std::uint64_t rate_per_s() const noexcept { return static_cast<std::uint64_t>(rate_per_s_); }
  std::uint64_t burst() const noexcept { return static_cast<std::uint64_t>(burst_); }

private:
  void refill(time_point now) {
    auto passed = std::chrono::duration<double>(now - last_).count();
    tokens_ = std::min(burst_, tokens_ + std::max(passed, 0.0) * rate_per_s_);
    last_ = now;
  }

  double rate_per_s_;
  double burst_;
  double tokens_;
  time_point last_;
  std::uint64_t refused_ = 0;
};

} // namespace weir
