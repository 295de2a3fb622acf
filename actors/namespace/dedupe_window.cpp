#include "actors/namespace/dedupe_window.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::size_t fewest_cells = 16; // a power of two, as all sizes are

std::size_t hash_of(std::string_view event_id) { return std::hash<std::string_view>{}(event_id); }

} // namespace

dedupe_window::dedupe_window(std::uint64_t max_ids, std::uint64_t max_age_ms)
  : max_ids_(std::max<std::uint64_t>(max_ids, 1)), max_age_ms_(static_cast<std::int64_t>(max_age_ms)),
    cells_(fewest_cells) {}

const dedupe_window::entry* dedupe_window::find(std::string_view event_id, std::int64_t now_ms) {
  forget(now_ms);
  auto& x = cells_[cell_of(event_id, hash_of(event_id))];
  return x.number == 0 ? nullptr : &at(x.number).what;
}

void dedupe_window::forget(std::int64_t now_ms) {
  if (by_age_.empty()) return;
  while (!by_age_.empty() && now_ms - by_age_.front().added_ms >= max_age_ms_) forget_oldest();
  if (!by_age_.empty()) return;
  by_age_ = {};
  cells_ = std::vector<cell>(fewest_cells);
}

void dedupe_window::add(std::string event_id, entry what, std::int64_t now_ms) {
  auto hash = hash_of(event_id);
  if (cells_[cell_of(event_id, hash)].number > 0) return;
  if (by_age_.size() >= max_ids_) forget_oldest();
  make_room();
  auto place = cell_of(event_id, hash);
  by_age_.push_back({std::move(event_id), hash, what, now_ms});
  cells_[place] = {hash, oldest_ + by_age_.size() - 1};
}

bool dedupe_window::take_back(std::string_view event_id) {
  if (by_age_.empty() || by_age_.back().event_id != event_id) return false;
  erase(cell_of(oldest_ + by_age_.size() - 1));
  by_age_.pop_back();
  return true;
}

std::uint64_t dedupe_window::oldest_seq() const { return by_age_.empty() ? 0 : by_age_.front().what.seq; }

void dedupe_window::forget_oldest() {
  erase(cell_of(oldest_));
  by_age_.pop_front();
  ++oldest_;
}

/// Where an id is, or the empty cell where it belongs.
std::size_t dedupe_window::cell_of(std::string_view event_id, std::size_t hash) {
  auto i = hash & mask();
  while (cells_[i].number > 0 && (cells_[i].hash != hash || at(cells_[i].number).event_id != event_id))
    i = (i + 1) & mask();
  return i;
}

/// Where an id is that is there.
std::size_t dedupe_window::cell_of(std::uint64_t number) {
  auto i = at(number).hash & mask();
  while (cells_[i].number != number) i = (i + 1) & mask();
  return i;
}

/// Empties a cell, and moves those behind it up that would not be found any more.
void dedupe_window::erase(std::size_t cell) {
  for (auto i = (cell + 1) & mask(); cells_[i].number > 0; i = (i + 1) & mask()) {
    auto from_home = (i - cells_[i].hash) & mask();
    if (from_home < ((i - cell) & mask())) continue;
    cells_[cell] = cells_[i];
    cell = i;
  }
  cells_[cell] = {};
}

/// Doubles the table when it is half full.
void dedupe_window::make_room() {
  if (2 * (by_age_.size() + 1) <= cells_.size()) return;
  cells_.assign(2 * cells_.size(), {});
  auto number = oldest_;
  for (auto& x : by_age_) cells_[cell_of(x.event_id, x.hash)] = {x.hash, number++};
}

} // namespace weir
