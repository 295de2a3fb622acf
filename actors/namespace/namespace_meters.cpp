#include "actors/namespace/namespace_meters.hpp"

#include <caf/telemetry/metric_registry.hpp>

namespace weir {

namespace_metrics::namespace_metrics(caf::actor_system& system, std::string name)
  : sys(system), label(std::move(name)), stages(system, label) {
  auto counter = [this](caf::string_view what, caf::string_view help) {
    return sys.metrics().counter_instance("weir", what, {{"namespace", label}}, help, "1", true);
  };
  auto gauge = [this](caf::string_view what, caf::string_view help) {
    return sys.metrics().gauge_instance("weir", what, {{"namespace", label}}, help);
  };
  accepted = counter("events-accepted", "Events that were given a place and kept.");
  duplicates = counter("events-duplicate", "Repeats of an accepted event.");
  causal_gaps = counter("causal-gaps", "Events delivered without their predecessor.");
  dead_letters = counter("dead-letters", "Events that their agent or queue could not handle.");
  dropped_letters = counter("dead-letters-dropped", "Dead letters over the bound.");
  missed = counter("agent-events-missed", "Events trimmed before an agent or a queue had them.");
  unsaid = counter("server-events-lost", "Events of the server's own that could not be kept.");
  receipts_forgotten =
      counter("receipts-forgotten", "Events over the bound of those whose receipts are awaited.");
  sessions_forgotten = counter("sessions-forgotten", "Sessions without a socket over the bound.");
  left_out = counter("link-left-out",
                     "Deliveries that the link to another node had no room for; read from the log.");
  held = gauge("causal-depth", "Events that wait for their predecessor; at most causal_events.");
  sessions = gauge("sessions", "Sessions, attached or not.");
  attached = gauge("sessions-attached", "Sessions with a socket.");
  receipts = gauge("receipts-awaited", "Events whose senders wait for receipts; at most `receipts`.");
  dedupe_ids = gauge("dedupe-ids", "Ids by which repeats are known; at most dedupe_ids.");
  log_events = gauge("log-events", "Events in memory; at most log_events.");
  log_bytes = gauge("log-bytes", "Bytes of events in memory; at most log_bytes.");
  kept_events = gauge("kept-events", "Events in the store; at most kept_events.");
  kept_bytes = gauge("kept-bytes", "Bytes of events in the store; at most kept_bytes.");
  queue_groups = gauge("queue-groups", "Queues of clients; at most queue_groups.");
  letters = gauge("dead-letters-held", "Dead letters to be looked at; at most dead_letters.");
}

namespace_meters::namespace_meters(std::shared_ptr<namespace_metrics> whole) : whole_(std::move(whole)) {}

void namespace_meters::refused(const std::string& reason) {
  auto& x = refused_[reason];
  if (x == nullptr)
    x = whole_->sys.metrics().counter_instance("weir", "events-refused",
                                               {{"namespace", whole_->label}, {"reason", reason}},
                                               "Events and calls that were refused, by reason.", "1", true);
  x->inc();
}

void namespace_meters::clear() {
  for (auto* x : {&held, &sessions, &attached, &receipts, &dedupe_ids, &log_events, &log_bytes, &kept_events,
                  &kept_bytes, &queue_groups, &letters})
    x->value(0);
}

} // namespace weir
