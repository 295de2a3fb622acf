#include "actors/store/store_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <array>

namespace weir {

namespace {

// Seconds, from a commit without fsync to a disk that hangs.
constexpr std::array<double, 13> commit_buckets{0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                0.01,    0.025,  0.05,    0.1,    0.5,   1};
constexpr std::array<std::int64_t, 9> group_buckets{0, 1, 4, 16, 64, 256, 1024, 4096, 16384};

} // namespace

store_metrics::store_metrics(caf::actor_system& sys)
  : sys_(sys),
    commit_(sys.metrics().histogram_singleton<double>("weir", "store-commit",
                                                      {commit_buckets.data(), commit_buckets.size()},
                                                      "How long transactions took.", "seconds")),
    group_(sys.metrics().histogram_singleton<std::int64_t>("weir", "store-group-size",
                                                           {group_buckets.data(), group_buckets.size()},
                                                           "Events appended in one transaction.", "events")),
    swept_(sys.metrics().counter_singleton("weir", "store-swept", "Expired keys and trimmed events freed.")),
    failing_(sys.metrics().gauge_singleton("weir", "store-failing",
                                           "1 while the store does not take what it is given.")) {}

void store_metrics::on_commit(std::chrono::steady_clock::duration took, std::uint64_t events) {
  commit_->observe(std::chrono::duration<double>(took).count());
  group_->observe(static_cast<std::int64_t>(events));
}

void store_metrics::on_error(const std::string& cause) {
  sys_.metrics()
      .counter_instance("weir", "store-errors", {{"cause", cause}}, "Calls of the store that failed.")
      ->inc();
}

void store_metrics::on_refused_write(const std::string& reason) {
  sys_.metrics()
      .counter_instance("weir", "store-writes-refused", {{"reason", reason}},
                        "Single writes that were refused.")
      ->inc();
}

void store_metrics::on_swept(std::uint64_t n) { swept_->inc(static_cast<std::int64_t>(n)); }

void store_metrics::set_failing(bool on) { failing_->value(on ? 1 : 0); }

} // namespace weir
