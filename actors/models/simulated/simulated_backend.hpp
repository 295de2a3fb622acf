#pragma once

#include "actors/models/backend.hpp"
#include "actors/models/config.hpp"

#include <random>
#include <utility>

namespace weir {

/// The embedded model, for demos, tests and load: its answers are deterministic, its latency, errors and
/// hangs as its configuration says. Timers are the worker's, so it keeps to a virtual clock.
class simulated_backend : public backend {
public:
  explicit simulated_backend(simulated_config settings)
    : settings_(std::move(settings)), engine_(settings_.seed) {}

  std::unique_ptr<backend_call> start(const model_request& what, backend_events events,
                                      caf::scheduled_actor& self) override;

private:
  bool happens(double rate) { return std::uniform_real_distribution<double>(0.0, 1.0)(engine_) < rate; }

  simulated_config settings_;
  std::mt19937_64 engine_; // decides in the order of the calls which of them fail or hang
};

backend_factory make_simulated_backend(simulated_config settings);

} // namespace weir
