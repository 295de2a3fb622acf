#pragma once

#include "actors/core/stage_metrics.hpp"

#include <array>
#include <chrono>
#include <string>

namespace weir {

/// How long the stages of one namespace's attempts at one model take,
/// `weir_model_stage_seconds{namespace,model,stage}`. Each counts from when the pool was asked. Any thread.
class model_stages {
public:
  enum class stage : std::uint8_t {
    queued,      ///< A worker has begun.
    first_piece, ///< The first text has come.
    done,        ///< The attempt is over, with an answer or without.
  };

  /// @param sys must outlive this.
  /// @param label of the namespace, see `namespace_label`.
  model_stages(caf::actor_system& sys, std::string label, std::string model)
    : sys_(sys), label_(std::move(label)), model_(std::move(model)) {}

  void observe(stage what, std::chrono::steady_clock::duration took) {
    if constexpr (stage_metrics) observe_stage(histogram(what), 0, std::chrono::nanoseconds{took}.count());
  }

private:
  caf::telemetry::dbl_histogram& histogram(stage what) {
    return histograms_[static_cast<std::size_t>(what)].get([this, what] { return make(what); });
  }

  caf::telemetry::dbl_histogram* make(stage what) const;

  caf::actor_system& sys_;
  std::string label_;
  std::string model_;
  std::array<lazy_histogram, 3> histograms_;
};

} // namespace weir
