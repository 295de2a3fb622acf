#include "actors/namespace/event_stages.hpp"

namespace weir {

namespace {

constexpr std::array<caf::string_view, 4> names{"accepted", "kept", "fanned_out", "written"};

} // namespace

caf::telemetry::dbl_histogram* event_stages::make(stage what) const {
  auto label = histogram_label(sys_, label_);
  return stage_histogram(sys_, "event-stage", "How long the stages of an event's way took.",
                         {{"namespace", label}, {"stage", names[static_cast<std::size_t>(what)]}});
}

} // namespace weir
