// Do hung models slow down clients that have nothing to do with them? See README.md in this folder.
#include "benchmarks/load/latencies.hpp"
#include "net/ws_client.hpp"
#include "tests/integration/node_process.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;
using clock_type = std::chrono::steady_clock;

constexpr auto period = 1ms; // open loop: a publish each millisecond, late or not
constexpr int calls = 200;   // all of the workers and most of the queue

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock_type::now().time_since_epoch()).count();
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
  std::thread sender([&] {
    auto due = clock_type::now();
    for (int i = 0; i < total; ++i, due += period) {
      while (clock_type::now() < due) std::this_thread::sleep_until(due); // it may wake early
      auto due_us = std::chrono::duration_cast<std::chrono::microseconds>(due.time_since_epoch()).count();
      publisher.send(R"({"op":"publish","type":"bench.)" + run + R"(","message_id":")" + std::to_string(i)
                     + R"(","data":)" + std::to_string(due_us) + "}");
    }
    for (int i = 0; i < total; ++i) await(publisher, "ok");
  });
  weir::bench::latencies out;
  for (int i = 0; i < total; ++i) out.add(now_us() - await(subscriber, "event")["data"].get<std::int64_t>());
  sender.join();
  return out;
}

} // namespace

int main(int argc, char** argv) {
  auto seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  weir::test::node_process node(R"({"limits":{"publish_per_s":1000000,"burst":1000000,"runs":1000},
    "models":{"default":{"timeout_ms":600000,"simulated":{"hang_rate":1}}}})");
  node.start();
  measure(node.url(), 1, "warm-up");
  std::printf("%-5s %-12s %8s %8s %8s %9s\n", "run", "models", "events", "p50 us", "p99 us", "p99.9 us");
  weir::ws_client caller;
  double ratios[3];
  for (int run = 0; run < 3; ++run) {
    auto show = [run](const char* name, const weir::bench::latencies& x) {
      std::printf("%-5d %-12s %8zu %8ld %8ld %9ld\n", run + 1, name, x.count(), x.percentile(0.5),
                  x.percentile(0.99), x.percentile(0.999));
    };
    auto idle = measure(node.url(), seconds, "idle" + std::to_string(run));
    show("idle", idle);
    caller.connect(node.url());
    caller.hello("demo", "carol");
    for (int i = 0; i < calls; ++i) {
      auto id = std::to_string(run) + "." + std::to_string(i);
      caller.send(R"({"op":"call","target":"assistant","input":"hi","message_id":")" + id + "\"}");
    }
    for (int i = 0; i < calls; ++i) await(caller, "ok");
    auto hung = measure(node.url(), seconds, "hung" + std::to_string(run));
    show("all hung", hung);
    for (int i = 0; i < calls; ++i)
      caller.send(R"({"op":"cancel","run_id":"carol/)" + std::to_string(run) + "." + std::to_string(i)
                  + "\"}");
    for (int i = 0; i < calls; ++i) await(caller, "result");
    ratios[run] = static_cast<double>(hung.percentile(0.99)) / static_cast<double>(idle.percentile(0.99));
  }
  std::sort(ratios, ratios + 3);
  std::printf("p99 with every worker hung, ratio to idle: median %.2f (%.2f to %.2f)\n", ratios[1], ratios[0],
              ratios[2]);
}
