#include "net/net_metrics.hpp"

#include <caf/actor_system.hpp>
#include <caf/string_view.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace weir {

net_metrics::net_metrics(caf::actor_system& sys) : sys_(sys) {
  auto& registry = sys.metrics();
  auto gauge = [&](caf::string_view name, caf::string_view help) {
    return registry.gauge_singleton("weir.net", name, help);
  };
  auto counter = [&](caf::string_view name, caf::string_view help) {
    return registry.counter_singleton("weir.net", name, help, "1", true);
  };
  connections = gauge("connections", "Connections that have been welcomed.");
  lagging = gauge("lagging", "Connections that read too slowly and are fed from the log.");
  draining = gauge("draining", "Connections that were told to move and are still there.");
  replays = gauge("replays", "Log reads in flight, of connections that catch up.");
  replays_waiting = gauge("replays-waiting", "Connections that wait to read the log.");
  outbound_bytes = gauge("outbound-bytes", "Frames that wait for their sockets; at most outbound_bytes each "
                                           "in either lane before a client lags.");
  outbound_frames = gauge("outbound-frames", "As weir_net_outbound_bytes, counted in frames.");
  history_reads = gauge("history-reads", "History requests in progress; at most 4 of each connection.");
  frames_in = counter("frames-in", "Frames that clients sent.");
  frames_out = counter("frames-out", "Frames that were written to clients.");
  deliveries = counter("deliveries", "Events that were sent to clients, as pushes or from the log.");
  ephemeral_dropped = counter("ephemeral-dropped", "Ephemeral events that a slow connection did not get.");
  runs_not_followed = counter("runs-not-followed", "Runs for which a connection cannot ask again when its "
                                                   "namespace moves, since it waits for 256 others.");
  hung_up = counter("hung-up", "Connections that were ended for what their client did or did not do.");
}

void net_metrics::refused(const std::string& reason) const {
  sys_.metrics()
      .counter_instance("weir.net", "refusals", {{"reason", reason}}, "Frames that were refused, by reason.",
                        "1", true)
      ->inc();
}

void net_metrics::drained(const std::string& how) const {
  sys_.metrics()
      .counter_instance("weir.net", "drained", {{"how", how}},
                        "Connections that a draining node got rid of: moved elsewhere, left, or cut at the "
                        "deadline.",
                        "1", true)
      ->inc();
}

} // namespace weir
