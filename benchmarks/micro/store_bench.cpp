// The SQLite store by itself, with no node around it: the limit to compare a node with. See README.md.

#include "actors/namespace/content_hash.hpp"
#include "actors/store/sqlite_store.hpp"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

using namespace weir;

namespace {

// A chat message: about 150 bytes of JSON.
log_record make_record(std::uint64_t seq) {
  auto x = std::make_shared<event>();
  x->seq = seq;
  x->type = "chat.room1.message";
  x->client_id = "client-" + std::to_string(seq % 100);
  x->message_id = "message-" + std::to_string(seq);
  x->ts_ms = 1'700'000'000'000 + static_cast<std::int64_t>(seq);
  x->data = R"({"text":")" + std::string(140, 'x') + R"("})";
  auto hash = content_hash(*x);
  return {std::move(x), hash};
}

/// A store in a file of its own, with a log of some length.
class bench_store {
public:
  explicit bench_store(std::uint64_t history) {
    auto pattern = (std::filesystem::temp_directory_path() / "weir-bench-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    auto opened = open_sqlite_store({.path = folder_ / "weir.db"});
    if (auto* no = std::get_if<refusal>(&opened)) {
      std::fprintf(stderr, "%s\n", no->message.c_str());
      std::abort();
    }
    store_ = std::move(std::get<0>(opened));
    while (head_ < history) append(std::min<std::uint64_t>(10'000, history - head_), durability::none, false);
  }
  bench_store(const bench_store&) = delete;
  ~bench_store() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  store& operator*() { return *store_; }
  std::uint64_t head() const { return head_; }

  /// Events to append later, so that making them is not measured.
  std::vector<store_batch> prepare(std::uint64_t batches, std::uint64_t events_each, durability keep) {
    std::vector<store_batch> out(batches);
    auto seq = head_;
    for (auto& x : out) {
      x.keep = keep;
      log_append what{"demo", "e1", {}};
      for (std::uint64_t i = 0; i < events_each; ++i) what.records.push_back(make_record(++seq));
      x.writes.push_back({std::move(what), {}});
    }
    return out;
  }

  void commit(const std::vector<store_batch>& batches) {
    std::vector<const store_batch*> group;
    for (auto& x : batches) group.push_back(&x);
    auto out = store_->write(group, 0);
    if (out.no.refused()) std::abort();
    for (auto& x : batches) head_ += std::get<log_append>(x.writes[0].what).records.size();
  }

  void append(std::uint64_t events, durability keep, bool trim) {
    auto batches = prepare(1, events, keep);
    if (trim) batches[0].writes.push_back({log_trim{"demo", head_ > 10'000 ? head_ - 10'000 : 1}, {}});
    commit(batches);
  }

private:
  std::filesystem::path folder_;
  std::unique_ptr<store> store_;
  std::uint64_t head_ = 0;
};

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
BENCHMARK(append_after)->WEIR_HISTORY;
BENCHMARK_CAPTURE(find_event_after, present, true)->WEIR_HISTORY;
BENCHMARK_CAPTURE(find_event_after, absent, false)->WEIR_HISTORY;
BENCHMARK(read_after)->WEIR_HISTORY;

} // namespace
