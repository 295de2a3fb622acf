#include "actors/models/model_stages.hpp"

namespace weir {

namespace {

constexpr std::array<caf::string_view, 3> names{"queued", "first_piece", "done"};

} // namespace

caf::telemetry::dbl_histogram* model_stages::make(stage what) const {
  auto label = histogram_label(sys_, label_);
  return stage_histogram(
      sys_, "model-stage", "How long the stages of attempts at a model took.",
      {{"namespace", label}, {"model", model_}, {"stage", names[static_cast<std::size_t>(what)]}});
}

} // namespace weir
