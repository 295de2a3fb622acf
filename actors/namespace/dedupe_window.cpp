#include "actors/namespace/dedupe_window.hpp"

#include <algorithm>

namespace weir {

dedupe_window::dedupe_window(std::uint64_t max_ids, std::uint64_t max_age_ms)
  : max_ids_(std::max<std::uint64_t>(max_ids, 1)), max_age_ms_(static_cast<std::int64_t>(max_age_ms)) {}

const dedupe_window::entry* dedupe_window::find(std::string_view event_id, std::int64_t now_ms) {
  while (!by_age_.empty() && now_ms - by_age_.front().added_ms >= max_age_ms_) forget_oldest();
  auto i = ids_.find(event_id);
  return i == ids_.end() ? nullptr : &i->second;
}

void dedupe_window::add(std::string event_id, entry what, std::int64_t now_ms) {
  if (ids_.size() >= max_ids_) forget_oldest();
  auto [i, added] = ids_.emplace(std::move(event_id), what);
  if (added) by_age_.push_back({&i->first, now_ms});
}

bool dedupe_window::take_back(std::string_view event_id) {
  if (by_age_.empty() || *by_age_.back().event_id != event_id) return false;
  by_age_.pop_back();
  ids_.erase(ids_.find(event_id));
  return true;
}

std::uint64_t dedupe_window::oldest_seq() const {
  return by_age_.empty() ? 0 : ids_.find(*by_age_.front().event_id)->second.seq;
}

void dedupe_window::forget_oldest() {
  auto i = ids_.find(*by_age_.front().event_id);
  by_age_.pop_front();
  ids_.erase(i);
}

} // namespace weir
