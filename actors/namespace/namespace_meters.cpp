#include "actors/namespace/namespace_meters.hpp"

#include <caf/telemetry/metric_registry.hpp>

namespace weir {

namespace {

struct counters {
  caf::actor_system& sys;
  const std::string& label;

  caf::telemetry::int_counter* operator()(caf::string_view name, caf::string_view help) const {
    return sys.metrics().counter_instance("weir", name, {{"namespace", label}}, help, "1", true);
  }
};

struct gauges {
  caf::actor_system& sys;
  const std::string& label;

  caf::telemetry::int_gauge* operator()(caf::string_view name, caf::string_view help) const {
    return sys.metrics().gauge_instance("weir", name, {{"namespace", label}}, help);
  }
};

} // namespace

namespace_meters::namespace_meters(caf::actor_system& sys, std::string label)
  : sys_(sys), label_(std::move(label)) {
  counters counter{sys_, label_};
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
  gauges gauge{sys_, label_};
  held.move_to(gauge("causal-depth", "Events that wait for their predecessor; at most causal_events."));
  sessions.move_to(gauge("sessions", "Sessions, attached or not."));
  attached.move_to(gauge("sessions-attached", "Sessions with a socket."));
  receipts.move_to(gauge("receipts-awaited", "Events whose senders wait for receipts; at most `receipts`."));
  dedupe_ids.move_to(gauge("dedupe-ids", "Ids by which repeats are known; at most dedupe_ids."));
  log_events.move_to(gauge("log-events", "Events in memory; at most log_events."));
  log_bytes.move_to(gauge("log-bytes", "Bytes of events in memory; at most log_bytes."));
  kept_events.move_to(gauge("kept-events", "Events in the store; at most kept_events."));
  kept_bytes.move_to(gauge("kept-bytes", "Bytes of events in the store; at most kept_bytes."));
  queue_groups.move_to(gauge("queue-groups", "Queues of clients; at most queue_groups."));
  letters.move_to(gauge("dead-letters-held", "Dead letters to be looked at; at most dead_letters."));
}

void namespace_meters::refused(const std::string& reason) {
  auto& x = refused_[reason];
  if (x == nullptr)
    x = sys_.metrics().counter_instance("weir", "events-refused", {{"namespace", label_}, {"reason", reason}},
                                        "Events and calls that were refused, by reason.", "1", true);
  x->inc();
}

void namespace_meters::clear() {
  for (auto* x : {&held, &sessions, &attached, &receipts, &dedupe_ids, &log_events, &log_bytes, &kept_events,
                  &kept_bytes, &queue_groups, &letters})
    x->value(0);
}

} // namespace weir
