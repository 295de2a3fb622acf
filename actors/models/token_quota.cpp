#include "actors/models/token_quota.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::int64_t minute_ns = 60'000'000'000;
constexpr std::int64_t max_debt_ns = std::chrono::nanoseconds{token_quota::max_debt}.count();

std::int64_t ns(token_quota::time_point t) noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(t.time_since_epoch()).count();
}

} // namespace

void token_quota::charge(std::uint64_t tokens, time_point now) noexcept {
  if (per_minute_ == 0) return;
  auto cost = static_cast<double>(tokens) * static_cast<double>(minute_ns) / static_cast<double>(per_minute_);
  auto cost_ns = static_cast<std::int64_t>(std::min(cost, static_cast<double>(max_debt_ns)));
  auto now_ns = ns(now);
  auto before = full_at_ns_.load(std::memory_order_relaxed);
  std::int64_t after = 0;
  do {
    after = std::min(std::max(before, now_ns) + cost_ns, now_ns + max_debt_ns);
  } while (!full_at_ns_.compare_exchange_weak(before, after, std::memory_order_relaxed));
}

std::int64_t token_quota::retry_after_ms(time_point now) const noexcept {
  if (per_minute_ == 0) return 0;
  auto behind_ns = full_at_ns_.load(std::memory_order_relaxed) - ns(now) - minute_ns;
  // At nought there is nothing to use: the next token is some nanoseconds away.
  return behind_ns < 0 ? 0 : behind_ns / 1'000'000 + 1;
}

std::uint64_t token_quota::used(time_point now) const noexcept {
  auto missing_ns = std::max<std::int64_t>(0, full_at_ns_.load(std::memory_order_relaxed) - ns(now));
  return static_cast<std::uint64_t>(static_cast<double>(missing_ns) * static_cast<double>(per_minute_)
                                        / static_cast<double>(minute_ns)
                                    + 0.5);
}

} // namespace weir
