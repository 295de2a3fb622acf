#pragma once

#include <caf/fwd.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <string>

namespace weir {

/// What the connections of a node count. Any thread.
struct net_metrics {
  explicit net_metrics(caf::actor_system& sys);

  /// Counts a refusal by its reason, in `weir_net_refusals_total`.
  void refused(const std::string& reason) const;

  /// Counts a connection that a node that drains has got rid of, in `weir_net_drained_total`: `moved`, `left`
  /// or `deadline`.
  void drained(const std::string& how) const;

  caf::telemetry::int_gauge* connections;     ///< That have been welcomed.
  caf::telemetry::int_gauge* lagging;         ///< That are fed from the log now.
  caf::telemetry::int_gauge* draining;        ///< That were told to move and are still there.
  caf::telemetry::int_gauge* replays;         ///< Log reads in flight.
  caf::telemetry::int_gauge* replays_waiting; ///< Connections that wait to read.
  caf::telemetry::int_gauge* outbound_bytes;  ///< That wait for sockets.
  caf::telemetry::int_gauge* outbound_frames; ///< As above.
  caf::telemetry::int_gauge* history_reads;   ///< In progress.
  caf::telemetry::int_counter* frames_in;
  caf::telemetry::int_counter* frames_out;
  caf::telemetry::int_counter* deliveries;
  caf::telemetry::int_counter* ephemeral_dropped;
  caf::telemetry::int_counter* runs_not_followed; ///< See `open_runs`.
  caf::telemetry::int_counter*
      hung_up; ///< Closed by us: no hello, no pong, too many bad frames, reads nothing.

private:
  caf::actor_system& sys_;
};

} // namespace weir
