// Modes with one kind of client and one kind of traffic: storm, idle, echo, fanout.

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/modes.hpp"
#include "benchmarks/load/generator/run.hpp"

namespace weir::bench {

namespace {

stream_settings all_groups(const options& settings, const std::string& name) {
  stream_settings out;
  out.name = name;
  out.namespaces = settings.namespaces;
  out.groups = settings.groups;
  out.subscribers = settings.clients;
  return out;
}

/// What the clients cost while nothing happens.
int hold(const options& settings, double seconds) {
  run it(settings, run::namespaces_of(settings));
  it.events().add_stream(all_groups(settings, "all"), it.clients());
  it.connect();
  auto before = it.usage();
  auto begin = now_ns();
  it.turn_until(begin + from_s(seconds));
  it.report()["idle_cpu_s"] = it.usage().cpu_s - before.cpu_s;
  it.settle();
  it.report()["seconds"] = seconds;
  it.report()["lost_while_idle"] = it.clients().figures().lost;
  return it.finish();
}

} // namespace

int run_storm(const options& settings) { return hold(settings, 0); }

int run_idle(const options& settings) { return hold(settings, settings.seconds); }

int run_echo(const options& settings) {
  run it(settings, run::namespaces_of(settings));
  auto stream = all_groups(settings, "echo");
  stream.groups = settings.clients;
  stream.echo = true;
  stream.per_s = settings.rate / settings.clients;
  it.events().add_stream(stream, it.clients());
  it.connect();
  it.open_loop(settings.seconds);
  it.settle();
  return it.finish();
}

int run_fanout(const options& settings) {
  run it(settings, run::namespaces_of(settings));
  auto stream = all_groups(settings, "fanout");
  stream.per_s = settings.burst > 0 ? 0 : settings.rate;
  stream.publishers = it.publishers_for(settings.rate * settings.groups / settings.namespaces);
  it.events().add_stream(stream, it.clients());
  it.report()["parameters"]["publishers"] = stream.publishers;
  it.connect();
  if (settings.burst > 0) {
    it.report()["parameters"]["burst"] = settings.burst;
    it.bursts(settings.burst, settings.bursts);
  } else {
    it.report()["parameters"]["rate"] = settings.rate;
    it.open_loop(settings.seconds);
  }
  it.settle();
  return it.finish();
}

} // namespace weir::bench
