#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::bench {

/// The command line, all modes together. Times in the units that the names end with.
struct options {
  std::string mode;

  std::string dialect = "weir";
  std::vector<std::string> targets{"ws://127.0.0.1:8080"};
  std::uint32_t clients = 1000; ///< Subscribers.
  std::string ns = "bench";     ///< `<ns>-<i>` where there are several.
  std::string id_prefix;        ///< Made from the time and the process where not given.
  std::string source_base = "127.0.0.2";
  std::uint32_t sources = 8;
  std::size_t in_progress = 256;
  std::size_t payload_bytes = 107;
  bool ephemeral = false;
  std::string role = "both";
  bool reconnect = false;
  std::int64_t reconnect_jitter_ms = 100;
  std::vector<int> server_pids;
  double start_at_s = 0; ///< CLOCK_REALTIME; 0: at once.
  double connect_timeout_s = 120;
  double settle_s = 10; ///< Without a delivery, after the last event: what is not there then is lost.
  double pause_s = 0.5; ///< Between the last connect and the first event.
  std::string note;     ///< Goes into the report.

  double seconds = 10;
  double warmup_s = 1;
  std::uint32_t groups = 1;
  std::uint16_t namespaces = 1;
  std::uint32_t publishers = 0; ///< 0: as many as `publish_limit` asks for.
  double publish_limit = 180;   ///< Events per second and connection, for the above.
  double rate = 10;             ///< Events per second: of each group, or (echo) of all clients.
  std::uint32_t burst = 0;
  std::uint32_t bursts = 20;

  double flood_rate = 5000;
  bool same_namespace = false; ///< The quiet pair is in the flooded namespace.
  double fraction = 1;         ///< Of the subscribers: cut, or slow.
  std::uint32_t cuts = 1;
  double slow_for_s = 10;
  std::vector<std::string> tenants; ///< ns:subscribers:rate
};

/// Ends the process with status 2 and the usage where they are wrong.
options read_options(int argc, char** argv);

} // namespace weir::bench
