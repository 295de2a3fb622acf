// Does what a node does cost more the longer a namespace's log is? See README.md in this folder.
#include "benchmarks/bench_store.hpp"
#include "benchmarks/load/publisher.hpp"
#include "tests/integration/node_process.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

using namespace weir;
using namespace weir::bench;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::uint64_t behind = 100; // events that a resumed session has missed
constexpr int starts = 5, resumes = 25, rounds = 5;
constexpr std::uint64_t events_each_round = 10'000;

double ms_since(clock_type::time_point begin) {
  return std::chrono::duration<double, std::milli>(clock_type::now() - begin).count();
}

double median(std::vector<double> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

std::filesystem::path store_file(const test::node_process& node) {
  return std::filesystem::path{node.folder()} / "data" / "weir.db";
}

/// Writes a log into the file of a node that has not started yet.
void fill(const test::node_process& node, std::uint64_t events) {
  constexpr std::uint64_t batch_events = 10'000;
  auto path = store_file(node);
  std::filesystem::create_directories(path.parent_path());
  auto to = open_store_file(path);
  auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  for (std::uint64_t head = 0; head < events;) {
    log_append what{"demo", "bench", {}};
    for (std::uint64_t i = 0; i < batch_events && head < events; ++i)
      what.records.push_back(make_record(++head, 89, now_ms));
    store_batch batch{0, durability::none, {}};
    batch.writes.push_back({std::move(what), {}});
    if (auto out = to->write(batch, now_ms); out.no.refused()) throw std::runtime_error(out.no.message);
  }
}

struct row {
  double file_mib, ready_ms, welcome_ms, ok_per_s, p50_ms, resume_ms;
};

/// From exec to `ready`, and on to the namespace's first welcome.
void measure_starts(test::node_process& node, row& out) {
  std::vector<double> ready, welcome;
  for (int i = 0; i < starts; ++i) {
    if (i > 0) node.stop();
    auto begin = clock_type::now();
    node.start();
    ready.push_back(ms_since(begin));
    raw_ws{node.port()}.hello("first");
    welcome.push_back(ms_since(begin));
  }
  out.ready_ms = median(ready);
  out.welcome_ms = median(welcome);
}

void measure_publishes(publisher& load, row& out) {
  latencies times;
  load.publish(events_each_round / 2, times);
  std::vector<double> per_s, p50_ms;
  for (int i = 0; i < rounds; ++i) {
    latencies of_round;
    per_s.push_back(static_cast<double>(events_each_round) / load.publish(events_each_round, of_round));
    p50_ms.push_back(static_cast<double>(of_round.percentile(0.5)) / 1000.0);
  }
  out.ok_per_s = median(per_s);
  out.p50_ms = median(p50_ms);
}

/// The milliseconds from the hello to the last of the events that a session missed.
double resume_once(const test::node_process& node, publisher& load, int number) {
  auto client = "reader-" + std::to_string(number);
  std::string session;
  std::uint64_t last_seq = 0;
  {
    raw_ws before{node.port()};
    session = nlohmann::json::parse(before.hello(client))["session"].get<std::string>();
    before.send(make_frame(R"({"op":"subscribe","id":"s","pattern":"chat.>"})"));
    last_seq = nlohmann::json::parse(before.await(R"("op":"ok")"))["seq"].get<std::uint64_t>();
  }
  latencies ignored;
  load.publish(behind, ignored);
  raw_ws again{node.port()};
  auto last_event = R"("op":"event","seq":)" + std::to_string(last_seq + behind) + ',';
  auto fields = R"(,"session":")" + session + R"(","last_seq":)" + std::to_string(last_seq);
  auto begin = clock_type::now();
  auto welcome = again.hello(client, fields);
  if (welcome.find(R"("recovered":true)") == std::string::npos) throw std::runtime_error(welcome);
  again.await(last_event);
  return ms_since(begin);
}

row measure(std::uint64_t events) {
  row out{};
  test::node_process node(unlimited("process", R"("kept_events":1000000000,)"));
  fill(node, events);
  out.file_mib = static_cast<double>(std::filesystem::file_size(store_file(node))) / (1024 * 1024);
  measure_starts(node, out);
  publisher load({node.port(), 10});
  measure_publishes(load, out);
  std::vector<double> resume_ms;
  for (int i = 0; i < resumes; ++i) resume_ms.push_back(resume_once(node, load, i));
  out.resume_ms = median(resume_ms);
  return out;
}

} // namespace

int main(int argc, char** argv) {
  std::vector<std::uint64_t> histories{1'000, 100'000, 10'000'000};
  if (argc > 1) histories.assign(1, std::strtoull(argv[1], nullptr, 10));
  std::printf("%9s %9s %9s %11s %9s %8s %10s\n", "history", "file MiB", "ready ms", "welcome ms", "ok/s",
              "p50 ms", "resume ms");
  for (auto events : histories) {
    auto x = measure(events);
    std::printf("%9lu %9.1f %9.1f %11.1f %9.0f %8.3f %10.2f\n", events, x.file_mib, x.ready_ms, x.welcome_ms,
                x.ok_per_s, x.p50_ms, x.resume_ms);
    std::fflush(stdout);
  }
}
