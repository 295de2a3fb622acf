#include "actors/models/remote/remote_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

remote_metrics::remote_metrics(caf::actor_system& sys, std::string model)
  : sys_(sys), model_(std::move(model)),
    nodes_(gauge("remote-model-nodes", "Other nodes that run the model.")),
    requests_(gauge("remote-model-requests", "Requests to other nodes that they have not answered.")),
    requests_limit_(gauge("remote-model-requests-limit", "The bound on weir_remote_model_requests.")),
    unread_(gauge("remote-model-unread-bytes", "Of requests that other nodes have not read.")),
    unread_limit_(gauge("remote-model-unread-bytes-limit", "The bound on weir_remote_model_unread_bytes.")) {}

void remote_metrics::show_nothing() {
  for (auto* x : {nodes_, requests_, requests_limit_, unread_, unread_limit_}) x->value(0);
}

void remote_metrics::show(const remote_links& links) {
  auto number = [](std::uint64_t x) { return static_cast<std::int64_t>(x); };
  nodes_->value(number(links.nodes()));
  requests_->value(number(links.unanswered()));
  requests_limit_->value(number(links.nodes() * links.limits().unanswered));
  unread_->value(number(links.unread_bytes()));
  unread_limit_->value(number(links.nodes() * links.limits().unread_bytes));
}

void remote_metrics::on_refused(const std::string& reason) {
  sys_.metrics()
      .counter_instance("weir", "remote-model-refused", {{"model", model_}, {"reason", reason}},
                        "Attempts that no other node could be asked for.", "1", true)
      ->inc();
}

void remote_metrics::on_passed_on(const char* why) {
  sys_.metrics()
      .counter_instance("weir", "remote-model-passed-on", {{"model", model_}, {"reason", std::string{why}}},
                        "Attempts for which another node was asked.", "1", true)
      ->inc();
}

void remote_metrics::on_lost() {
  sys_.metrics()
      .counter_instance("weir", "remote-model-lost", {{"model", model_}},
                        "Attempts that had begun at a node that is gone.", "1", true)
      ->inc();
}

caf::telemetry::int_gauge* remote_metrics::gauge(const std::string& name, const std::string& help) {
  return sys_.metrics().gauge_instance("weir", name, {{"model", model_}}, help);
}

} // namespace weir
