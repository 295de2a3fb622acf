#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

/// Which of many requests runs out of time next. Holds one deadline per id; its bound is that of what it
/// indexes. Setting and erasing take O(log n).
class deadline_index {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Sets or moves the deadline of `id`.
  void set(std::uint64_t id, time_point when) {
    erase(id);
    by_time_.emplace(when, id);
    by_id_.emplace(id, when);
  }

  void erase(std::uint64_t id) {
    auto i = by_id_.find(id);
    if (i == by_id_.end()) return;
    by_time_.erase({i->second, id});
    by_id_.erase(i);
  }

  /// The earliest deadline.
  std::optional<time_point> next() const {
    if (by_time_.empty()) return std::nullopt;
    return by_time_.begin()->first;
  }

  /// Takes out those whose deadline is not after `now`, the earliest first.
  std::vector<std::uint64_t> take_due(time_point now) {
    std::vector<std::uint64_t> due;
    while (!by_time_.empty() && by_time_.begin()->first <= now) {
      due.push_back(by_time_.begin()->second);
      erase(due.back());
    }
    return due;
  }

  std::size_t size() const noexcept { return by_id_.size(); }

private:
  std::set<std::pair<time_point, std::uint64_t>> by_time_;
  std::unordered_map<std::uint64_t, time_point> by_id_;
};

} // namespace weir
