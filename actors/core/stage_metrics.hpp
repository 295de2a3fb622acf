#pragma once

#include <caf/actor_clock.hpp>
#include <caf/fwd.hpp>
#include <caf/string_view.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/label_view.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

namespace weir {

/// Whether the stages of events and calls are timed: the option WEIR_STAGE_METRICS of the build, so that what
/// they cost can be measured.
#ifdef WEIR_NO_STAGE_METRICS
inline constexpr bool stage_metrics = false;
#else
inline constexpr bool stage_metrics = true;
#endif

/// Nanoseconds of the steady clock, to be compared on this node only. 0: not known, and never observed.
inline std::int64_t stage_time(const caf::actor_clock::time_point& now) {
  return stage_metrics ? static_cast<std::int64_t>(now.time_since_epoch().count()) : 0;
}

/// Now, as above. Read once for each batch or turn, and not for each event.
inline std::int64_t stage_time(caf::actor_clock& clock) {
  return stage_metrics ? stage_time(clock.now()) : 0;
}

/// The histogram of one stage, in seconds: `weir_<family>_seconds`. Its buckets go from 25 µs to 10 s in
/// steps of 2 or 2.5, so that p50, p99 and p99.9 can be read off. It looks for the labels among all that
/// there are, so keep what it gives.
/// @param family in CAF's way of writing, `event-stage`.
caf::telemetry::dbl_histogram* stage_histogram(caf::actor_system& sys, caf::string_view family,
                                               caf::string_view help,
                                               const std::vector<caf::telemetry::label_view>& labels);

/// Under which label a namespace's histograms are told: its own, or `all` unless the system is configured
/// with `weir.namespace-histograms`. A histogram is some twenty series.
std::string histogram_label(caf::actor_system& sys, const std::string& namespace_label);

/// The place of a histogram that is made when it is first needed. From any thread: two that come first at the
/// same time make the same one, as CAF's registry has each only once.
class lazy_histogram {
public:
  /// @param make gives the histogram, or the one that is there already.
  template <class Make>
  caf::telemetry::dbl_histogram& get(Make&& make) {
    auto* found = histogram_.load(std::memory_order_acquire);
    if (found == nullptr) {
      found = make();
      histogram_.store(found, std::memory_order_release);
    }
    return *found;
  }

private:
  std::atomic<caf::telemetry::dbl_histogram*> histogram_{nullptr};
};

inline void observe_stage(caf::telemetry::dbl_histogram& to, std::int64_t from_ns, std::int64_t until_ns) {
  to.observe(static_cast<double>(std::max<std::int64_t>(until_ns - from_ns, 0)) * 1e-9);
}

} // namespace weir
