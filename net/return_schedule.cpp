#include "net/return_schedule.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

using duration = return_schedule::duration;

constexpr duration sample{std::chrono::milliseconds{50}}; // places come free in batches, a turn's at a time
constexpr std::int64_t short_sample = 32;                 // places, where it has to end earlier
constexpr duration calm{std::chrono::seconds{1}};         // without a refusal

} // namespace

return_schedule::return_schedule(std::uint64_t places, std::chrono::milliseconds longest)
  : places_(std::max<std::uint64_t>(places, 1)),
    slowest_(duration{longest} / static_cast<std::int64_t>(places_)) {}

std::int64_t return_schedule::book(time_point now, double random) {
  if (!std::exchange(measuring_, true)) since_ = now, freed_ = 0;
  refused_ = now;
  constexpr duration furthest = std::chrono::milliseconds{max_ms};
  taken_by_ = std::min(std::max(taken_by_, now) + pace(now), now + furthest);
  auto wait_ms = std::chrono::duration_cast<std::chrono::milliseconds>(taken_by_ - now).count();
  // Those for whom there is no room within the longest time are spread over the half of it.
  if (taken_by_ - now >= furthest) return max_ms - static_cast<std::int64_t>(random * max_ms / 2);
  return std::min(max_ms, min_ms + wait_ms + static_cast<std::int64_t>(random * jitter_ms));
}

void return_schedule::on_free(time_point now, std::uint64_t taken) {
  if (!measuring_) return;
  ++freed_;
  auto ends = 2 * taken < places_ || now - refused_ > calm;
  if (now - since_ >= sample || (ends && freed_ >= short_sample)) learn(now);
  measuring_ = !ends;
}

void return_schedule::learn(time_point now) {
  auto found = (now - since_) / freed_;
  each_ = std::exchange(learned_, true) ? (each_ + found) / 2 : found;
  since_ = now;
  freed_ = 0;
}

/// Room that has stopped coming free is as slow as it has been standing still.
duration return_schedule::pace(time_point now) const {
  auto still = now - since_ < sample ? duration{0} : (now - since_) / (freed_ + 1);
  return std::min(std::max(each_, still), slowest_);
}

} // namespace weir
