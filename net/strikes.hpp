#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace weir {

/// Counts bad frames in a sliding window, to tell a client that slipped from one that is broken.
class strikes {
public:
  using time_point = std::chrono::steady_clock::time_point;

  strikes(std::uint32_t limit, std::chrono::milliseconds window) : limit_(limit), window_(window) {}

  /// Records one. Gives whether that made `limit` of them within the window.
  bool add(time_point now) {
    std::erase_if(times_, [&](auto& x) { return now - x >= window_; });
    times_.push_back(now);
    if (times_.size() < limit_) return false;
    times_.erase(times_.begin());
    return true;
  }

private:
  std::uint32_t limit_;
  std::chrono::milliseconds window_;
  std::vector<time_point> times_; // fewer than limit_
};

} // namespace weir
