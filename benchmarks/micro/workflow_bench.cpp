// The machine of workflows by itself, with no actor around it. See README.md.

#include "actors/runs/workflow/workflow_builder.hpp"
#include "actors/runs/workflow/workflow_machine.hpp"

#include <benchmark/benchmark.h>

#include <malloc.h>

#include <cstdlib>

using namespace weir;

namespace {

using machine = workflow_machine;

constexpr std::int64_t start_ms = 1'700'000'000'000;

std::shared_ptr<const workflow> share(step_ptr root) {
  return std::make_shared<const workflow>(flow::plan("bench", std::move(root)));
}

std::shared_ptr<const workflow> sequence_of(std::int64_t steps) {
  std::vector<step_ptr> all(static_cast<std::size_t>(steps), flow::agent("echo"));
  return share(flow::sequence(std::move(all)));
}

machine::record begin() { return {start_ms, machine::begun{R"({"text":"hello"})"}}; }

/// A run of agents that answer with what they got.
void run_through(const std::shared_ptr<const workflow>& plan) {
  machine subject{plan, "client/1"};
  auto next = subject.apply(begin());
  while (auto* call = std::get_if<machine::start_call>(&next.back())) {
    machine::outcome what{run_status::complete, std::move(call->input), {}, {}};
    next = subject.apply({start_ms, machine::call_ended{call->step, std::move(what)}});
  }
  if (!subject.over()) std::abort();
}

void per_step(benchmark::State& state, std::int64_t steps) {
  state.counters["s/step"] =
      benchmark::Counter(static_cast<double>(steps),
                         benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

void sequence(benchmark::State& state) {
  auto plan = sequence_of(state.range(0));
  for (auto _ : state) run_through(plan);
  per_step(state, state.range(0));
}

void loop_with_condition(benchmark::State& state) {
  auto plan = share(flow::loop(flow::agent("echo"), flow::exists("/never"), {.max = 100}));
  for (auto _ : state) run_through(plan);
  per_step(state, 100);
}

/// What a machine keeps, in bytes, without its plan, which all runs share.
void memory(benchmark::State& state, const std::shared_ptr<const workflow>& plan) {
  constexpr std::size_t count = 10'000;
  double bytes = 0;
  for (auto _ : state) {
    std::vector<std::unique_ptr<machine>> all;
    all.reserve(count);
    auto before = mallinfo2().uordblks;
    for (std::size_t i = 0; i < count; ++i) {
      all.push_back(std::make_unique<machine>(plan, "client/1"));
      benchmark::DoNotOptimize(all.back()->apply(begin()));
    }
    bytes = static_cast<double>(mallinfo2().uordblks - before) / count;
  }
  state.counters["bytes"] = bytes;
}

void codec(benchmark::State& state) {
  machine::record what{start_ms,
                       machine::call_ended{7, {run_status::complete, R"({"text":"hello"})", {}, {10, 20}}}};
  for (auto _ : state) benchmark::DoNotOptimize(machine::decode(machine::encode(what)));
}

const auto waiting = share(flow::sequence({flow::await("approve.*"), flow::agent("echo")}));
const auto calling = share(flow::parallel({flow::agent("a"), flow::agent("b"), flow::agent("c")}));

BENCHMARK(sequence)->Arg(10)->Arg(100);
BENCHMARK(loop_with_condition);
BENCHMARK(codec)->Name("encode_and_decode");
BENCHMARK_CAPTURE(memory, waiting, waiting);
BENCHMARK_CAPTURE(memory, three_calls, calling);

} // namespace
