#include "actors/runs/run_meters.hpp"

#include "actors/core/labelled_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/string_view.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

run_metrics::run_metrics(caf::actor_system& system, std::string name) : sys(system), label(std::move(name)) {
  labelled_metrics make{sys, label};
  unkept = make.counter("results-unkept", "Results that the store did not take, kept in memory only.");
  forgotten = make.counter("threads-forgotten", "Threads that could not be remembered, or over the bound.");
  awaited_dropped =
      make.counter("runs-awaited-dropped", "Events of workflows' awaits that came too early, over the "
                                           "sixteen that are held for an await.");
  runs = make.gauge("runs", "Runs that have begun or wait in their threads; at most `runs`.");
  results = make.gauge("results-held", "The newest results, in memory; at most 1,000.");
  result_bytes = make.gauge("results-held-bytes", "As weir_results_held, in bytes; at most 8 MiB.");
  threads = make.gauge("threads-held", "Threads' conversations in memory; at most 1,000.");
  thread_bytes = make.gauge("threads-held-bytes", "As weir_threads_held, in bytes; at most 8 MiB.");
}

run_meters::run_meters(std::shared_ptr<run_metrics> whole) : whole_(std::move(whole)) {}

void run_meters::finished(run_status how) {
  auto& x = finished_.at(static_cast<std::size_t>(how));
  if (x == nullptr) {
    std::string status = to_string(how);
    x = whole_->sys.metrics().counter_instance("weir", "runs-finished",
                                               {{"namespace", whole_->label}, {"status", status}},
                                               "Runs that are over, by status.", "1", true);
  }
  x->inc();
}

void run_meters::clear() {
  for (auto* x : {&runs, &results, &result_bytes, &threads, &thread_bytes}) x->value(0);
}

} // namespace weir
