// What timing a stage costs: a reading of the clock for each batch, and an observation.

#include "actors/messages/meta_objects.hpp"
#include "actors/namespace/event_stages.hpp"

#include <benchmark/benchmark.h>
#include <caf/actor_clock.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

namespace {

struct node {
  node() : sys((weir::init_meta_objects(), settings)) {}
  caf::actor_system_config settings;
  caf::actor_system sys;
};

node& shared() {
  static auto& x = *new node; // its threads outlive what static objects there are
  return x;
}

void read_clock(benchmark::State& state) {
  auto& clock = shared().sys.clock();
  for (auto _ : state) benchmark::DoNotOptimize(weir::stage_time(clock));
}

/// @param state.range(0) how long the stage took, microseconds: the buckets are looked through from below.
void observe(benchmark::State& state) {
  weir::event_stages stages{shared().sys, "demo"};
  auto until_ns = 1 + state.range(0) * 1000;
  for (auto _ : state) stages.observe(weir::event_stages::stage::accepted, 1, until_ns);
}

BENCHMARK(read_clock);
BENCHMARK(observe)->Arg(20)->Arg(500)->Arg(100'000)->ThreadRange(1, 2);

} // namespace

BENCHMARK_MAIN();
