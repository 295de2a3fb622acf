#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

namespace weir {

/// How old the events of a log are, from the newest back, by their time stamps. Those are the wall clock's,
/// which may have been set forward or back between two of them, so a step from one event to the next counts
/// as at least nothing and at most one `steps`th of the age that is asked for: an event is never taken for
/// older than it is because of fewer than `steps` wrong ones. Plain.
class event_ages {
public:
  static constexpr std::int64_t steps = 16;

  explicit event_ages(std::int64_t max_age_ms) : max_age_ms_(std::max<std::int64_t>(max_age_ms, 0)) {}

  /// The age of the next older event; nothing: it, and all before it, are too old.
  std::optional<std::int64_t> next(std::int64_t ts_ms) {
    if (last_ms_)
      age_ms_ +=
          std::clamp<std::int64_t>(*last_ms_ - ts_ms, 0, std::max<std::int64_t>(max_age_ms_ / steps, 1));
    last_ms_ = ts_ms;
    if (age_ms_ >= max_age_ms_) return std::nullopt;
    return age_ms_;
  }

private:
  std::int64_t max_age_ms_;
  std::int64_t age_ms_ = 0;
  std::optional<std::int64_t> last_ms_;
};

} // namespace weir
