#include "net/return_schedule.hpp"

#include <algorithm>

namespace weir {

namespace {

using duration = return_schedule::duration;

constexpr duration sample{std::chrono::milliseconds{50}}; // places come free in batches, a turn's at a time
constexpr duration calm{std::chrono::seconds{1}};

} // namespace

return_schedule::return_schedule(std::uint64_t places, std::chrono::milliseconds longest)
  : slowest_(duration{longest} / static_cast<std::int64_t>(std::max<std::uint64_t>(places, 1))) {}

std::int64_t return_schedule::book(time_point now, double random) {
  if (!under_pressure(now)) since_ = now, freed_ = 0;
  constexpr duration furthest = std::chrono::milliseconds{max_ms};
  taken_by_ = std::min(std::max(taken_by_, now) + pace(now), now + furthest);
  auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(taken_by_ - now).count();
  // Those for whom there is no room within the longest time are spread over the half of it.
  if (taken_by_ - now >= furthest) return max_ms - static_cast<std::int64_t>(random * max_ms / 2);
  return std::min(max_ms, min_ms + wait_ms + static_cast<std::int64_t>(random * jitter_ms));
}

void return_schedule::on_free(time_point now) {
  if (!under_pressure(now)) return;
  ++freed_;
  if (now - since_ < sample) return;
  each_ = (each_ + (now - since_) / freed_) / 2;
  since_ = now;
  freed_ = 0;
}

bool return_schedule::under_pressure(time_point now) const { return now < taken_by_ + calm; }

/// Room that has stopped coming free is as slow as it has been standing still.
duration return_schedule::pace(time_point now) const {
  auto still = now - since_ < sample ? duration{0} : (now - since_) / (freed_ + 1);
  return std::min(std::max(each_, still), slowest_);
}

} // namespace weir
