#include "actors/core/drain_rate.hpp"

#include <algorithm>

namespace weir {

namespace {

std::int64_t ns(drain_rate::time_point t) noexcept {
  return std::chrono::duration_cast<drain_rate::duration>(t.time_since_epoch()).count();
}

} // namespace

void drain_rate::on_busy(time_point now) noexcept { last_move_ns_.store(ns(now), std::memory_order_relaxed); }

void drain_rate::on_done(time_point now, std::uint64_t n) noexcept {
  if (n == 0) return;
  auto now_ns = ns(now);
  auto each = std::max<std::int64_t>(0, now_ns - last_move_ns_.exchange(now_ns, std::memory_order_relaxed))
              / static_cast<std::int64_t>(n);
  // An exponentially weighted mean over about eight pieces of work.
  auto mean = mean_ns_.load(std::memory_order_relaxed);
  mean_ns_.store(mean == 0 ? each : mean + (each - mean) / 8, std::memory_order_relaxed);
  refused_since_.store(0, std::memory_order_relaxed);
}

std::int64_t drain_rate::on_refused(time_point now, std::uint64_t limit) noexcept {
  auto ahead = limit / 8 + 1 + refused_since_.fetch_add(1, std::memory_order_relaxed);
  // A queue that has stopped is as slow as it has been standing still, whatever it did before.
  auto still = ns(now) - last_move_ns_.load(std::memory_order_relaxed);
  auto each_ns = static_cast<double>(std::max(mean_ns_.load(std::memory_order_relaxed), still));
  auto wait_ms = each_ns * static_cast<double>(ahead) / 1e6;
  return static_cast<std::int64_t>(
      std::clamp(wait_ms, static_cast<double>(min_retry_ms), static_cast<double>(max_retry_ms)));
}

} // namespace weir
