#pragma once

#include <caf/fwd.hpp>
#include <caf/telemetry/histogram.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

/// What a store's actor tells about itself, beside its inbox's depth, limit and refusals:
/// `weir_store_commit_seconds` and `weir_store_group_size_events` as histograms, `weir_store_errors` by cause
/// (of failed commits, reads and sweeps: `full`, `io` …), `weir_store_failing` (1: it takes nothing) and
/// `weir_store_writes_refused` by reason.
class store_metrics {
public:
  /// @param sys must outlive this.
  explicit store_metrics(caf::actor_system& sys);

  void on_commit(std::chrono::steady_clock::duration took, std::uint64_t events);
  void on_error(const std::string& cause);
  void on_refused_write(const std::string& reason);
  void on_swept(std::uint64_t n);
  void set_failing(bool on);

private:
  caf::actor_system& sys_;
  caf::telemetry::dbl_histogram* commit_;
  caf::telemetry::int_histogram* group_;
  caf::telemetry::int_counter* swept_;
  caf::telemetry::int_gauge* failing_;
};

} // namespace weir
