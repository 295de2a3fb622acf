#pragma once

#include "actors/core/stage_metrics.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace weir {

/// How long the stages of one event's way take, `weir_event_stage_seconds{namespace,stage}`. Times are
/// `stage_time`; what begins at 0, an unknown time, is not observed. From any thread: all namespaces of a
/// label observe the same.
class event_stages {
public:
  enum class stage : std::uint8_t {
    accepted,   ///< From read off the socket to its place in the order; each event.
    kept,       ///< From there until the store has it; each batch.
    fanned_out, ///< From there until a relay has handed it to its connections; each batch and relay.
    written,    ///< From there until the turn's writes are done; each batch and relay.
  };

  /// @param sys must outlive this.
  /// @param label of the namespace, see `namespace_label`.
  event_stages(caf::actor_system& sys, std::string label) : sys_(sys), label_(std::move(label)) {}

  void observe(stage what, std::int64_t from_ns, std::int64_t until_ns) {
    if constexpr (stage_metrics)
      if (from_ns > 0) observe_stage(histogram(what), from_ns, until_ns);
  }

private:
  caf::telemetry::dbl_histogram& histogram(stage what) {
    return histograms_[static_cast<std::size_t>(what)].get([this, what] { return make(what); });
  }

  caf::telemetry::dbl_histogram* make(stage what) const;

  caf::actor_system& sys_;
  std::string label_;
  std::array<lazy_histogram, 4> histograms_;
};

} // namespace weir
