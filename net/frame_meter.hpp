#pragma once

#include "net/token_bucket.hpp"

#include <chrono>
#include <cstdint>

namespace weir {

/// What one client may send. Each frame, control frames and parts of messages included, takes a token of the
/// client's rate. Overflow policy: frames beyond it are refused by name, at the same rate and as many at once
/// as the burst; beyond that, too, the socket is not read until tokens have come back, and TCP pushes back.
/// Plain: time comes from outside.
class frame_meter {
public:
  using time_point = token_bucket::time_point;

  frame_meter(std::uint64_t rate_per_s, std::uint64_t burst, time_point now)
    : tokens_(rate_per_s, burst, now), refusals_(rate_per_s, burst, now) {}

  /// Another rate and burst from now on. What has been used up stays so.
  void set(std::uint64_t rate_per_s, std::uint64_t burst) {
    tokens_.set(rate_per_s, burst);
    refusals_.set(rate_per_s, burst);
  }

  /// A frame has come.
  /// @returns 0: it is within the rate; else after how many milliseconds to send it again.
  std::int64_t take(time_point now) {
    auto retry_after_ms = tokens_.take(now);
    if (retry_after_ms > 0) {
      refusals_.take(now);
      exhausted_ = !refusals_.has_token(now);
    }
    return retry_after_ms;
  }

  /// Whether the next frame is not even to be read at `now`.
  bool exhausted(time_point now) {
    if (exhausted_) exhausted_ = !tokens_.has_token(now);
    return exhausted_;
  }

  double pressure() const noexcept { return tokens_.pressure(); }
  std::uint64_t used() const noexcept { return tokens_.used(); }
  std::uint64_t burst() const noexcept { return tokens_.burst(); }
  std::uint64_t rate_per_s() const noexcept { return tokens_.rate_per_s(); }

private:
  token_bucket tokens_;
  token_bucket refusals_;
  bool exhausted_ = false;
};

} // namespace weir
