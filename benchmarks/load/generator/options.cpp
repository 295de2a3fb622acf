#include "benchmarks/load/generator/options.hpp"

#include <CLI/CLI.hpp>

#include <chrono>
#include <cstdio>

#include <unistd.h>

namespace weir::bench {

namespace {

/// Different in each run, so that a server that knows the ids of the last one takes nothing for a repeat.
std::string fresh_prefix() {
  auto now = std::chrono::system_clock::now().time_since_epoch();
  auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  char out[48];
  std::snprintf(out, sizeof out, "l%llx.%x.", static_cast<unsigned long long>(ms),
                static_cast<unsigned>(getpid()));
  return out;
}

void add_common(CLI::App& app, options& x) {
  app.add_option("--dialect", x.dialect, "what the server speaks")
      ->check(CLI::IsMember({"weir", "plain", "nchan", "nats"}));
  app.add_option("--target", x.targets, "ws://host:port; several are used in rotation");
  app.add_option("--clients,-n", x.clients, "subscribers");
  app.add_option("--namespace", x.ns);
  app.add_option("--namespaces", x.namespaces, "groups are spread over so many")->check(CLI::PositiveNumber);
  app.add_option("--id-prefix", x.id_prefix, "of client ids; a fresh one where not given");
  app.add_option("--source-base", x.source_base, "first source address, for targets on loopback; empty: any");
  app.add_option("--sources", x.sources, "how many source addresses")->check(CLI::Range(1, 65536));
  app.add_option("--in-progress", x.in_progress, "handshakes at once")->check(CLI::PositiveNumber);
  app.add_option("--payload-bytes", x.payload_bytes, "of an event's data; plain frames are 2 bytes longer");
  app.add_flag("--ephemeral", x.ephemeral, "weir: events that are not kept");
  app.add_option("--role", x.role)->check(CLI::IsMember({"publish", "subscribe", "both"}));
  app.add_flag("--reconnect", x.reconnect, "clients whose socket ends come back, with their session");
  app.add_option("--reconnect-jitter-ms", x.reconnect_jitter_ms)->check(CLI::NonNegativeNumber);
  app.add_option("--server-pid", x.server_pids, "whose processor time and memory to report");
  app.add_option("--start-at", x.start_at_s, "when the schedule begins, seconds since the Unix epoch");
  app.add_option("--connect-timeout-s", x.connect_timeout_s);
  app.add_option("--settle-s", x.settle_s, "without a delivery at the end: the rest is lost");
  app.add_option("--pause-s", x.pause_s, "between the last connect and the first event");
  app.add_option("--publishers", x.publishers, "connections per namespace (or group); 0: as the rate needs");
  app.add_option("--publish-limit", x.publish_limit, "weir: events per second and publisher")
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", x.seconds, "of the measured part")->check(CLI::NonNegativeNumber);
  app.add_option("--warmup-s", x.warmup_s)->check(CLI::NonNegativeNumber);
  app.add_option("--note", x.note, "goes into the report");
}

/// Modes in which something is not as it should be.
void add_troubles(CLI::App& app, options& x) {
  auto rate_of = [&](CLI::App* mode, const char* what) {
    mode->add_option("--rate", x.rate, what)->check(CLI::PositiveNumber);
  };
  auto* mixed = app.add_subcommand("mixed", "several tenants with loads of their own");
  mixed->add_option("--tenant", x.tenants, "namespace:subscribers:events per second; once for each")
      ->required();
  auto* flood = app.add_subcommand("flood", "publishers far above what they may, beside a quiet pair");
  flood->add_option("--flood-rate", x.flood_rate, "events per second in all")->check(CLI::PositiveNumber);
  flood->add_flag("--same-namespace", x.same_namespace, "the quiet pair is in the flooded one");
  rate_of(flood, "events per second of the quiet pair");
  auto* resume =
      app.add_subcommand("resume", "cut subscribers off, all at once; they come back with their sessions");
  rate_of(resume, "events per second and group");
  resume->add_option("--groups", x.groups)->check(CLI::PositiveNumber);
  resume->add_option("--fraction", x.fraction, "of the subscribers: cut")->check(CLI::Range(0.0, 1.0));
  resume->add_option("--cuts", x.cuts, "how often, evenly over the seconds")->check(CLI::Range(1, 50));
  auto* slow = app.add_subcommand("slow", "some subscribers read one frame per second");
  rate_of(slow, "events per second and group");
  slow->add_option("--groups", x.groups)->check(CLI::PositiveNumber);
  slow->add_option("--fraction", x.fraction, "of the subscribers: slow")->check(CLI::Range(0.0, 1.0));
  slow->add_option("--slow-for", x.slow_for_s, "seconds")->check(CLI::PositiveNumber);
}

} // namespace

options read_options(int argc, char** argv) {
  options x;
  CLI::App app{"Load on a realtime server, from one thread in an open loop. One JSON line per run."};
  app.require_subcommand(1);
  app.fallthrough();
  add_common(app, x);
  app.add_subcommand("storm", "connect all as fast as the server lets");
  app.add_subcommand("idle", "hold all for a while");
  auto* echo = app.add_subcommand("echo", "each publishes to itself");
  echo->add_option("--rate", x.rate, "events per second of all clients together")->check(CLI::PositiveNumber);
  auto* fanout = app.add_subcommand("fanout", "groups of subscribers, a few publishers");
  fanout->add_option("--groups", x.groups)->check(CLI::PositiveNumber);
  fanout->add_option("--rate", x.rate, "events per second and group")->check(CLI::PositiveNumber);
  fanout->add_option("--burst", x.burst, "events per group, back to back, instead of a rate");
  fanout->add_option("--bursts", x.bursts)->check(CLI::PositiveNumber);
  add_troubles(app, x);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& wrong) {
    std::exit(app.exit(wrong) == 0 ? 0 : 2);
  }
  x.mode = app.get_subcommands().front()->get_name();
  if (x.id_prefix.empty()) x.id_prefix = fresh_prefix();
  return x;
}

} // namespace weir::bench
