#include "actors/namespace/durable_subscription.hpp"

#include "actors/namespace/pattern.hpp"

#include <algorithm>

namespace weir {

durable_subscription::durable_subscription(std::string name, std::vector<std::string> patterns,
                                           std::uint32_t window, std::uint64_t cursor)
  : name_(std::move(name)), patterns_(std::move(patterns)), window_(std::max(window, 1u)), cursor_(cursor) {}

std::optional<offered_event> durable_subscription::next(const event_log& log) {
  if (in_hand_.size() >= window_) return std::nullopt;
  if (!again_.empty()) {
    auto node = again_.extract(again_.begin());
    return in_hand_.insert(std::move(node)).position->second;
  }
  if (cursor_ + 1 < log.first_kept()) {
    missed_ += log.first_kept() - cursor_ - 1;
    cursor_ = log.first_kept() - 1;
  }
  while (cursor_ < log.head()) {
    auto& candidate = log.at(++cursor_)->what;
    if (wants(*candidate)) return in_hand_.emplace(cursor_, offered_event{candidate, 1}).first->second;
  }
  return std::nullopt;
}

bool durable_subscription::settle(std::uint64_t seq) { return in_hand_.erase(seq) > 0; }

std::vector<offered_event> durable_subscription::on_gone(bool crashed) {
  std::vector<offered_event> dead;
  for (auto& [seq, held] : in_hand_) {
    if (crashed && held.attempt >= max_attempts) {
      dead.push_back(held);
      continue;
    }
    if (crashed) ++held.attempt;
    again_.emplace(seq, held);
  }
  in_hand_.clear();
  return dead;
}

void durable_subscription::resume(std::vector<std::string> patterns, std::uint32_t window) {
  patterns_ = std::move(patterns);
  window_ = std::max(window, 1u);
}

bool durable_subscription::wants(const event& x) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&x](const std::string& pattern) { return matches(pattern, x.type); });
}

} // namespace weir
