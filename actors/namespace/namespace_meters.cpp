#include "actors/namespace/namespace_meters.hpp"

#include "actors/core/labelled_metrics.hpp"

#include <caf/telemetry/metric_registry.hpp>

namespace weir {

namespace_metrics::namespace_metrics(caf::actor_system& system, std::string name)
  : sys(system), label(std::move(name)), stages(system, label) {
  labelled_metrics make{sys, label};
  accepted = make.counter("events-accepted", "Events that were given a place and kept.");
  duplicates = make.counter("events-duplicate", "Repeats of an accepted event.");
  causal_gaps = make.counter("causal-gaps", "Events delivered without their predecessor.");
  dead_letters = make.counter("dead-letters", "Events that their agent or queue could not handle.");
  dropped_letters = make.counter("dead-letters-dropped", "Dead letters over the bound.");
  missed = make.counter("agent-events-missed", "Events trimmed before an agent or a queue had them.");
  unsaid = make.counter("server-events-lost", "Events of the server's own that could not be kept.");
  receipts_forgotten =
      make.counter("receipts-forgotten", "Events over the bound of those whose receipts are awaited.");
  sessions_forgotten = make.counter("sessions-forgotten", "Sessions without a socket over the bound.");
  left_out = make.counter("link-left-out",
                          "Deliveries that the link to another node had no room for; read from the log.");
  too_many_hops =
      make.counter("hops-exceeded",
                   "Events of agents and of the server that too many others had led to; see limits.hops.");
  ack_timeouts = make.counter("queue-ack-timeouts",
                              "Events of queues that a member had for longer than ack_timeout_ms.");
  new_epochs = make.counter("history-new-epochs", "Histories that began anew, as the store had lost a part.");
  held = make.gauge("causal-depth", "Events that wait for their predecessor; at most causal_events.");
  sessions = make.gauge("sessions", "Sessions, attached or not.");
  attached = make.gauge("sessions-attached", "Sessions with a socket.");
  receipts = make.gauge("receipts-awaited", "Events whose senders wait for receipts; at most `receipts`.");
  dedupe_ids = make.gauge("dedupe-ids", "Ids by which repeats are known; at most dedupe_ids.");
  log_events = make.gauge("log-events", "Events in memory; at most log_events.");
  log_bytes = make.gauge("log-bytes", "Bytes of events in memory; at most log_bytes.");
  kept_events = make.gauge("kept-events", "Events in the store; at most kept_events.");
  kept_bytes = make.gauge("kept-bytes", "Bytes of events in the store; at most kept_bytes.");
  queue_groups = make.gauge("queue-groups", "Queues of clients; at most queue_groups.");
  letters = make.gauge("dead-letters-held", "Dead letters to be looked at; at most dead_letters.");
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
