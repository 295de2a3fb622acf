#include "actors/models/model_stages.hpp"

namespace weir {

namespace {

constexpr std::array<caf::string_view, 3> names{"queued", "first_piece", "done"};

} // namespace

// Two threads that come first at the same time get the same one.
caf::telemetry::dbl_histogram& model_stages::histogram(stage what) {
  auto index = static_cast<std::size_t>(what);
  auto* found = histograms_[index].load(std::memory_order_acquire);
  if (found == nullptr) {
    found = stage_histogram(sys_, "model-stage", "How long the stages of attempts at a model took.",
                            {{"namespace", label_}, {"model", model_}, {"stage", names[index]}});
    histograms_[index].store(found, std::memory_order_release);
  }
  return *found;
}

} // namespace weir
