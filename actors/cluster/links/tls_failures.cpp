#include "actors/cluster/links/tls_failures.hpp"

#include <spdlog/spdlog.h>

#include <utility>

namespace weir {

tls_failures::tls_failures(caf::telemetry::metric_registry& metrics)
  : refused_(
      metrics.counter_singleton("weir.cluster", "tls-refusals",
                                "Connections to `cluster.listen` that were refused, for what they said "
                                "or did not say in TLS.",
                                "1", true)) {}

void tls_failures::refused(const std::string& host, const std::string& why) {
  refused_->inc();
  std::lock_guard guard{lock_};
  if (said_.size() >= max_kept) said_.clear();
  if (std::exchange(said_[host], why) != why)
    spdlog::warn("cluster: refused a connection from {}: {}", host, why);
}

void tls_failures::accepted(const std::string& host) {
  std::lock_guard guard{lock_};
  said_.erase(host);
}

void tls_failures::dial_failed(const std::string& address, const std::string& why) {
  std::lock_guard guard{lock_};
  if (failed_.size() >= max_kept) failed_.clear();
  failed_[address] = why;
}

std::string tls_failures::take(const std::string& address) {
  std::lock_guard guard{lock_};
  auto found = failed_.extract(address);
  return found ? std::move(found.mapped()) : std::string{};
}

} // namespace weir
