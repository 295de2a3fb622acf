#pragma once

#include "actors/runs/kept_result.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

namespace weir {

/// The newest results of a namespace, for callers that ask again. Bounded by count and bytes; overflow
/// policy: the oldest is forgotten. It is then looked for in the store.
class recent_results {
public:
  recent_results(std::uint64_t max_results, std::uint64_t max_bytes)
    : max_results_(max_results), max_bytes_(max_bytes) {}

  void add(run_result x) {
    auto id = x.run_id;
    auto size = size_bytes(x);
    if (!results_.emplace(id, std::move(x)).second) return;
    bytes_ += size;
    order_.push_back(std::move(id));
    while (order_.size() > max_results_ || (bytes_ > max_bytes_ && order_.size() > 1)) {
      auto oldest = results_.find(order_.front());
      bytes_ -= size_bytes(oldest->second);
      results_.erase(oldest);
      order_.pop_front();
    }
  }

  const run_result* find(const std::string& run_id) const {
    auto i = results_.find(run_id);
    return i == results_.end() ? nullptr : &i->second;
  }

  std::size_t size() const noexcept { return order_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  std::uint64_t max_results_;
  std::uint64_t max_bytes_;
  std::uint64_t bytes_ = 0;
  std::unordered_map<std::string, run_result> results_;
  std::deque<std::string> order_;
};

} // namespace weir
