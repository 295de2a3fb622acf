#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace weir {

/// Until when this node may act for its namespaces: the end of its lease, by its own steady clock, counted
/// from when it asked. A node that was stopped, or that does not reach the store, sees by this that others
/// may have taken over, before it has said anything. Written by the keeper of the claims, read by namespaces:
/// any thread.
class tenure {
public:
  using time_point = std::chrono::steady_clock::time_point;

  void extend_to(time_point end) noexcept {
    end_ns_.store(end.time_since_epoch().count(), std::memory_order_relaxed);
  }

  bool is_over(time_point now) const noexcept {
    return now.time_since_epoch().count() >= end_ns_.load(std::memory_order_relaxed);
  }

private:
  std::atomic<std::int64_t> end_ns_{0};
};

} // namespace weir
