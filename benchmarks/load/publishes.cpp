// Acknowledged publishes on the real node, beside the store by itself. See README.md in this folder.
#include "benchmarks/bench_store.hpp"
#include "benchmarks/load/publisher.hpp"
#include "tests/integration/node_process.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <time.h>

using namespace weir;
using namespace weir::bench;

namespace {

constexpr std::size_t text_bytes = 89; // data of 100 bytes
constexpr double goal = 0.6;           // of what the store does by itself

double seconds_on(clockid_t which) {
  timespec x{};
  clock_gettime(which, &x);
  return static_cast<double>(x.tv_sec) + 1e-9 * static_cast<double>(x.tv_nsec);
}

struct spent {
  double wall_s = 0, cpu_s = 0;
};

/// What the store by itself takes to commit that many events, in groups as large as what is in flight.
spent commit_in_groups(bench_store& to, std::uint64_t events, std::size_t group, durability keep) {
  constexpr std::uint64_t prepared_at_once = 10'000;
  spent out;
  while (events > 0) {
    auto count = std::min(events, prepared_at_once);
    auto batches = to.prepare(count, 1, keep);
    auto wall_s = seconds_on(CLOCK_MONOTONIC), cpu_s = seconds_on(CLOCK_THREAD_CPUTIME_ID);
    for (std::size_t at = 0; at < batches.size(); at += group)
      to.commit(batches.data() + at, std::min(group, batches.size() - at));
    out.wall_s += seconds_on(CLOCK_MONOTONIC) - wall_s;
    out.cpu_s += seconds_on(CLOCK_THREAD_CPUTIME_ID) - cpu_s;
    events -= count;
  }
  return out;
}

std::uint64_t own_cpu_ms() {
  rusage x{};
  getrusage(RUSAGE_SELF, &x);
  auto ms = [](const timeval& t) { return t.tv_sec * 1000 + t.tv_usec / 1000; };
  return static_cast<std::uint64_t>(ms(x.ru_utime) + ms(x.ru_stime));
}

/// What one family member has measured, over its iterations.
struct measured {
  std::uint64_t events = 0;
  double node_s = 0;
  std::uint64_t node_cpu_ms = 0, load_cpu_ms = 0;
  spent store;
  latencies times;
  std::vector<double> ratios; // of each iteration

  double per_event_us(std::uint64_t ms) const {
    return 1000.0 * static_cast<double>(ms) / static_cast<double>(events);
  }

  double median_ratio() const {
    auto sorted = ratios;
    std::sort(sorted.begin(), sorted.end());
    return sorted[sorted.size() / 2];
  }
};

std::map<std::string, double> ratio_of; // by family member, for the last line

void show(benchmark::State& state, const measured& x) {
  auto events = static_cast<double>(x.events);
  auto ms = [&](double share) { return static_cast<double>(x.times.percentile(share)) / 1000.0; };
  state.counters["ok/s"] = events / x.node_s;
  state.counters["p50_ms"] = ms(0.5);
  state.counters["p99_ms"] = ms(0.99);
  state.counters["p99.9_ms"] = ms(0.999);
  state.counters["node_us"] = x.per_event_us(x.node_cpu_ms);
  state.counters["load_us"] = x.per_event_us(x.load_cpu_ms);
  state.counters["store_us"] = 1e6 * x.store.cpu_s / events;
  state.counters["store/s"] = events / x.store.wall_s;
  state.counters["ratio"] = x.median_ratio();
}

/// Each iteration publishes through the node, then commits as many events with no node, so that whatever else
/// the machine does falls on both.
void publishes(benchmark::State& state, const char* name, durability keep) {
  auto in_flight = static_cast<std::size_t>(state.range(0));
  auto slice = static_cast<std::uint64_t>(state.range(1));
  test::node_process node(unlimited(name));
  node.start();
  publisher load({node.port(), in_flight, 4, text_bytes});
  bench_store alone(0, text_bytes);
  latencies ignored;
  load.publish(slice / 4, ignored);
  commit_in_groups(alone, slice / 4, in_flight, keep);
  measured x;
  for (auto _ : state) {
    auto node_cpu_ms = node.cpu_ms(), load_cpu_ms = own_cpu_ms();
    auto node_s = load.publish(slice, x.times);
    x.node_cpu_ms += node.cpu_ms() - node_cpu_ms;
    x.load_cpu_ms += own_cpu_ms() - load_cpu_ms;
    auto store = commit_in_groups(alone, slice, in_flight, keep);
    state.SetIterationTime(node_s);
    x.node_s += node_s;
    x.store.wall_s += store.wall_s;
    x.store.cpu_s += store.cpu_s;
    x.ratios.push_back(store.wall_s / node_s);
    x.events += slice;
  }
  show(state, x);
  ratio_of[std::string{name} + '/' + std::to_string(in_flight)] = x.median_ratio();
}

/// In flight, and events of one iteration: about half a second's.
#define WEIR_UNSYNCED                                                                                        \
  ArgNames({"in_flight", "events"})                                                                          \
      ->Args({1, 5'000})                                                                                     \
      ->Args({10, 20'000})                                                                                   \
      ->Args({100, 40'000})                                                                                  \
      ->Iterations(9)                                                                                        \
      ->UseManualTime()                                                                                      \
      ->Unit(benchmark::kMillisecond)
#define WEIR_SYNCED                                                                                          \
  ArgNames({"in_flight", "events"})                                                                          \
      ->Args({1, 400})                                                                                       \
      ->Args({10, 4'000})                                                                                    \
      ->Args({100, 20'000})                                                                                  \
      ->Iterations(9)                                                                                        \
      ->UseManualTime()                                                                                      \
      ->Unit(benchmark::kMillisecond)

BENCHMARK_CAPTURE(publishes, none, "none", durability::none)->WEIR_UNSYNCED;
BENCHMARK_CAPTURE(publishes, process, "process", durability::process)->WEIR_UNSYNCED;
BENCHMARK_CAPTURE(publishes, power, "power", durability::power)->WEIR_SYNCED;

} // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  if (auto x = ratio_of.find("process/100"); x != ratio_of.end())
    std::printf("node/store at durability process, 100 in flight: %.0f%% (goal: %.0f%% or more)\n",
                100 * x->second, 100 * goal);
  benchmark::Shutdown();
}
