// The SQLite store by itself, and beside it that in Redis, with no node around them: the limit to compare a
// node with. See README.md.

#include "actors/store/redis/redis_store.hpp"
#include "benchmarks/bench_store.hpp"
#include "tests/support/redis_server.hpp"

#include <benchmark/benchmark.h>

#include <map>
#include <string>

using namespace weir;
using weir::bench::bench_store;

namespace {

/// A store with that much history, made once.
bench_store& with_history(std::uint64_t events) {
  static std::map<std::uint64_t, std::unique_ptr<bench_store>> made;
  auto& x = made[events];
  if (!x) x = std::make_unique<bench_store>(events);
  return *x;
}

void count(benchmark::State& state, std::uint64_t events) {
  state.counters["events/s"] = benchmark::Counter(static_cast<double>(events), benchmark::Counter::kIsRate);
}

/// One transaction for each group of `in flight` publishers' events, as a node would commit them: the log is
/// trimmed to 10,000 events when `trim` is set.
void group_commit(benchmark::State& state, durability keep, bool trim) {
  bench_store subject{10'000};
  auto in_flight = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto batches = subject.prepare(in_flight, 1, keep);
    if (trim) batches[0].writes.push_back({log_trim{"demo", subject.head() - 9'999}, {}});
    state.ResumeTiming();
    subject.commit(batches);
    events += in_flight;
  }
  count(state, events);
}

/// As `group_commit`, in a Redis of its own on this machine that synchronises its file when `syncs` says.
void redis_group_commit(benchmark::State& state, durability keep, const char* syncs) {
  test::redis_server server{{"--appendfsync", syncs}};
  redis_config cfg;
  cfg.server = {"127.0.0.1", server.port()};
  cfg.timeout_ms = 60'000;
  auto opened = open_redis_store(cfg);
  if (auto* no = std::get_if<refusal>(&opened)) return state.SkipWithError(no->message.c_str());
  bench_store subject{std::get<0>(std::move(opened))};
  auto in_flight = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto batches = subject.prepare(in_flight, 1, keep);
    state.ResumeTiming();
    subject.commit(batches);
    events += in_flight;
  }
  count(state, events);
}

/// A thousand events in one transaction, behind a log of that length.
void append_after(benchmark::State& state) {
  auto& subject = with_history(static_cast<std::uint64_t>(state.range(0)));
  std::uint64_t events = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto batches = subject.prepare(1, 1000, durability::process);
    state.ResumeTiming();
    subject.commit(batches);
    events += 1000;
  }
  count(state, events);
}

void find_event_after(benchmark::State& state, bool present) {
  auto history = static_cast<std::uint64_t>(state.range(0));
  auto& subject = with_history(history);
  std::uint64_t i = 0;
  for (auto _ : state) {
    auto seq = 1 + (++i * 7919) % history;
    auto client = "client-" + std::to_string(seq % 100);
    auto message = (present ? "message-" : "absent-") + std::to_string(seq);
    auto found = (*subject).find_event("demo", client, message);
    if (std::get<0>(found).has_value() != present) state.SkipWithError("wrong answer");
  }
}

void read_after(benchmark::State& state) {
  auto history = static_cast<std::uint64_t>(state.range(0));
  auto& subject = with_history(history);
  log_request what;
  what.patterns = {">"};
  what.limit = 100;
  std::uint64_t i = 0, events = 0;
  for (auto _ : state) {
    what.after_seq = (++i * 7919) % (history - 100);
    auto out = (*subject).read_log("demo", what);
    events += std::get<log_read>(out).records.size();
  }
  count(state, events);
}

#define WEIR_GROUPS Arg(1)->Arg(10)->Arg(100)->Arg(1000)->Arg(10'000)->UseRealTime()
#define WEIR_HISTORY Arg(1'000)->Arg(100'000)->Arg(1'000'000)->UseRealTime()

BENCHMARK_CAPTURE(group_commit, none, durability::none, false)->WEIR_GROUPS;
BENCHMARK_CAPTURE(group_commit, process, durability::process, false)->WEIR_GROUPS;
BENCHMARK_CAPTURE(group_commit, process_trimmed, durability::process, true)->WEIR_GROUPS;
BENCHMARK_CAPTURE(group_commit, power, durability::power, false)->WEIR_GROUPS;
BENCHMARK_CAPTURE(redis_group_commit, process, durability::process, "everysec")->WEIR_GROUPS;
BENCHMARK_CAPTURE(redis_group_commit, power, durability::power, "always")->WEIR_GROUPS;
BENCHMARK(append_after)->WEIR_HISTORY;
BENCHMARK_CAPTURE(find_event_after, present, true)->WEIR_HISTORY;
BENCHMARK_CAPTURE(find_event_after, absent, false)->WEIR_HISTORY;
BENCHMARK(read_after)->WEIR_HISTORY;

} // namespace
