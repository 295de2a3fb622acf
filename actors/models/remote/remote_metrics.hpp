#pragma once

#include "actors/models/remote/remote_links.hpp"

#include <caf/fwd.hpp>
#include <caf/telemetry/gauge.hpp>

#include <string>

namespace weir {

/// What a remote pool tells of itself, by `model`, over all nodes: `weir_remote_model_nodes`,
/// `weir_remote_model_requests` and `weir_remote_model_unread_bytes`, each with its `…_limit`; and counters.
class remote_metrics {
public:
  /// @param sys must outlive this.
  remote_metrics(caf::actor_system& sys, std::string model);

  void show(const remote_links& links);

  /// Of a pool that ends.
  void show_nothing();

  /// No node could be asked: `unavailable`, `link_full`, or what the last node said.
  void on_refused(const std::string& reason);

  /// Another node is asked, because the first one refused (`refused`), reads nothing (`silent`) or is gone
  /// before it began (`gone`).
  void on_passed_on(const char* why);

  /// An attempt was lost with its node.
  void on_lost();

private:
  caf::telemetry::int_gauge* gauge(const std::string& name, const std::string& help);

  caf::actor_system& sys_;
  std::string model_;
  caf::telemetry::int_gauge* nodes_;
  caf::telemetry::int_gauge* requests_;
  caf::telemetry::int_gauge* requests_limit_;
  caf::telemetry::int_gauge* unread_;
  caf::telemetry::int_gauge* unread_limit_;
};

} // namespace weir
