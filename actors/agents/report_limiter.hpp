#pragma once

#include <chrono>
#include <cstdint>
#include <utility>

namespace weir {

/// How often something that may happen with every event is told. Bounded; overflow policy: left out, and
/// counted in the next one that is told.
class report_limiter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  report_limiter(std::uint32_t most, std::chrono::milliseconds window) : most_(most), window_(window) {}

  /// @returns whether to tell it.
  bool take(time_point now) {
    if (now - began_ >= window_) {
      began_ = now;
      told_ = 0;
    }
    if (told_ < most_) return ++told_, true;
    ++left_out_;
    return false;
  }

  /// How many have been left out since this was last asked.
  std::uint64_t take_left_out() { return std::exchange(left_out_, 0); }

private:
  std::uint32_t most_;
  std::chrono::milliseconds window_;
  time_point began_{};
  std::uint32_t told_ = 0;
  std::uint64_t left_out_ = 0;
};

} // namespace weir
