#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

namespace weir {

/// Counts bad frames in a sliding window, to tell a client that slipped from one that is broken.
class strikes {
public:
  using time_point = std::chrono::steady_clock::time_point;

  strikes(std::uint32_t limit, std::chrono::milliseconds window) : limit_(limit), window_(window) {}

  /// Records one. Gives whether that made `limit` of them within the window.
  bool add(time_point now) {
    while (!times_.empty() && now - times_.front() >= window_) times_.pop_front();
    times_.push_back(now);
    if (times_.size() < limit_) return false;
    times_.pop_front();
    return true;
  }

private:
  std::uint32_t limit_;
  std::chrono::milliseconds window_;
  std::deque<time_point> times_; // fewer than limit_
};

} // namespace weir
