#pragma once

#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <string>

namespace weir {

/// What is counted of one namespace.
struct namespace_meters {
  namespace_meters(caf::actor_system& sys, const std::string& ns) {
    auto counter = [&](caf::string_view name, caf::string_view help) {
      return sys.metrics().counter_instance("weir", name, {{"namespace", ns}}, help, "1", true);
    };
    auto gauge = [&](caf::string_view name, caf::string_view help) {
      return sys.metrics().gauge_instance("weir", name, {{"namespace", ns}}, help);
    };
    accepted = counter("events-accepted", "Events that were given a place and kept.");
    duplicates = counter("events-duplicate", "Repeats of an accepted event.");
    refused = counter("events-refused", "Events and calls that were refused.");
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
  }

  caf::telemetry::int_counter* accepted;
  caf::telemetry::int_counter* duplicates;
  caf::telemetry::int_counter* refused;
  caf::telemetry::int_counter* causal_gaps;
  caf::telemetry::int_counter* dead_letters;
  caf::telemetry::int_counter* dropped_letters;
  caf::telemetry::int_counter* missed;
  caf::telemetry::int_counter* unsaid;
  caf::telemetry::int_counter* receipts_forgotten;
  caf::telemetry::int_counter* sessions_forgotten;
  caf::telemetry::int_counter* left_out;
  caf::telemetry::int_gauge* held;
  caf::telemetry::int_gauge* sessions;
  caf::telemetry::int_gauge* attached;
  caf::telemetry::int_gauge* receipts;
};

} // namespace weir
