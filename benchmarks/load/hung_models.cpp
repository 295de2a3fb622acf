// Do hung models slow down clients that have nothing to do with them? See README.md in this folder.
#include "benchmarks/load/latencies.hpp"
#include "net/client/ws_client.hpp"
#include "tests/integration/node_process.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <sched.h>

namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;
using clock_type = std::chrono::steady_clock;

constexpr auto period = 1ms; // open loop: a publish each millisecond, late or not
constexpr int runs = 9;      // in turn
constexpr int calls = 200;   // all of the workers and most of the queue

std::int64_t us(clock_type::time_point t) {
  return std::chrono::duration_cast<std::chrono::microseconds>(t.time_since_epoch()).count();
}

/// Both ends are measured by one thread on one core: the clocks of a virtual machine's cores may differ by
/// more than what is measured.
void stay_on_this_core() {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(static_cast<std::size_t>(sched_getcpu()), &cores);
  sched_setaffinity(0, sizeof cores, &cores);
}

json await(weir::ws_client& from, const char* op) {
  for (;;) {
    auto text = from.receive(10s);
    if (!text) throw std::runtime_error(std::string{"no "} + op);
    auto x = json::parse(*text);
    if (x["op"] == op) return x;
  }
}

/// Publishes for `seconds` and measures from when a publish was due to when its subscriber has it.
weir::bench::latencies measure(const std::string& url, int seconds, const std::string& run) {
  weir::ws_client publisher, subscriber;
  publisher.connect(url);
  subscriber.connect(url);
  publisher.hello("demo", "alice-" + run);
  subscriber.hello("demo", "bob-" + run);
  subscriber.send(R"({"op":"subscribe","id":"s","pattern":"bench.)" + run + "\"}");
  await(subscriber, "ok");
  auto total = seconds * 1000;
  weir::bench::latencies out;
  auto due = clock_type::now();
  for (int sent = 0; static_cast<int>(out.count()) < total;) {
    if (sent < total && clock_type::now() >= due) {
      publisher.send(R"({"op":"publish","type":"bench.)" + run + R"(","message_id":")"
                     + std::to_string(sent++) + R"(","data":)" + std::to_string(us(due)) + "}");
      due += period;
    }
    auto text = subscriber.receive(sent < total ? 0ms : 1000ms);
    if (!text && sent == total) throw std::runtime_error("an event is missing");
    if (text) out.add(us(clock_type::now()) - json::parse(*text)["data"].get<std::int64_t>());
  }
  for (int i = 0; i < total; ++i) await(publisher, "ok");
  return out;
}

std::int64_t median(std::vector<std::int64_t> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
  auto seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 2;
  weir::test::node_process node(R"({"limits":{"publish_per_s":1000000,"burst":1000000,"runs":1000},
    "models":{"default":{"timeout_ms":600000,"simulated":{"hang_rate":1}}}})");
  node.start();
  stay_on_this_core();
  measure(node.url(), 1, "warm-up");
  std::printf("%-5s %-12s %8s %8s %8s %9s\n", "run", "models", "events", "p50 us", "p99 us", "p99.9 us");
  weir::ws_client caller;
  std::vector<std::int64_t> idle_p99, hung_p99;
  for (int run = 0; run < runs; ++run) {
    auto show = [run](const char* name, const weir::bench::latencies& x) {
      std::printf("%-5d %-12s %8zu %8ld %8ld %9ld\n", run + 1, name, x.count(), x.percentile(0.5),
                  x.percentile(0.99), x.percentile(0.999));
      return x.percentile(0.99);
    };
    idle_p99.push_back(show("idle", measure(node.url(), seconds, "idle" + std::to_string(run))));
    caller.connect(node.url());
    caller.hello("demo", "carol");
    for (int i = 0; i < calls; ++i) {
      auto id = std::to_string(run) + "." + std::to_string(i);
      caller.send(R"({"op":"call","target":"assistant","input":"hi","message_id":")" + id + "\"}");
    }
    for (int i = 0; i < calls; ++i) await(caller, "ok");
    hung_p99.push_back(show("all hung", measure(node.url(), seconds, "hung" + std::to_string(run))));
    for (int i = 0; i < calls; ++i)
      caller.send(R"({"op":"cancel","run_id":"carol/)" + std::to_string(run) + "." + std::to_string(i)
                  + "\"}");
    for (int i = 0; i < calls; ++i) await(caller, "result");
  }
  auto idle = median(idle_p99), hung = median(hung_p99);
  std::printf("median p99 of %d runs: idle %ld us, every worker hung %ld us, ratio %.2f\n", runs, idle, hung,
              static_cast<double>(hung) / static_cast<double>(idle));
}
