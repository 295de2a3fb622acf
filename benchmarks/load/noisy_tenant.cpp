// Does a noisy tenant make a quiet one wait for the models? See README.md in this folder.
#include "benchmarks/load/latencies.hpp"
#include "net/client/ws_client.hpp"
#include "tests/integration/node_process.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using json = nlohmann::json;
using clock_type = std::chrono::steady_clock;

constexpr int runs = 3;
constexpr int workers = 4;
constexpr auto service = 40ms;
constexpr double share_per_s =
    workers * 1000.0 / service.count() / 2; // a tenant's half of what the pool can do
constexpr double quiet_per_s = 0.4 * share_per_s;
constexpr double noisy_per_s = 20 * share_per_s;

std::string config(const std::string& model) {
  return R"({"limits":{"publish_per_s":1000000,"burst":1000000},"namespaces":{"*":{"durability":"none"}},
    "models":{"default":{"workers":)"
         + std::to_string(workers) + model + R"(,"simulated":{"first_piece_ms":)"
         + std::to_string(service.count()) + R"(,"pieces":1}}}})";
}

std::string call(const std::string& id) {
  return R"({"op":"call","target":"assistant","input":"hi","message_id":")" + id + "\"}";
}

/// Offers calls at a steady rate from its own thread until it is destroyed, whatever becomes of them.
class noise {
public:
  noise(const std::string& url, const std::string& name, double per_s)
    : thread_([this, url, name, per_s] { run(url, name, per_s); }) {}

  ~noise() {
    done_ = true;
    thread_.join();
  }

  std::uint64_t answered() const { return answered_; }

private:
  void run(const std::string& url, const std::string& name, double per_s) {
    weir::ws_client to;
    to.connect(url);
    to.hello("noisy", name);
    auto due = clock_type::now();
    for (std::uint64_t n = 0; !done_;) {
      for (; clock_type::now() >= due; due += std::chrono::microseconds{static_cast<int>(1e6 / per_s)})
        to.send(call(std::to_string(n++)));
      while (auto text = to.receive(0ms))
        if (text->find(R"("status":"complete")") != std::string::npos) ++answered_;
      std::this_thread::sleep_for(2ms);
    }
  }

  std::atomic<bool> done_{false};
  std::atomic<std::uint64_t> answered_{0};
  std::thread thread_;
};

/// Calls of the quiet tenant, as a Poisson process: the same one in each measurement.
struct measured {
  weir::bench::latencies queued_ms;
  int failed = 0;
};

measured measure(const std::string& url, const std::string& name, int seconds) {
  weir::ws_client to;
  to.connect(url);
  to.hello("quiet", name);
  std::mt19937_64 engine{1};
  std::exponential_distribution<double> gap_s{quiet_per_s};
  auto total = static_cast<int>(quiet_per_s * seconds);
  measured out;
  auto due = clock_type::now();
  for (int sent = 0, answered = 0; answered < total;) {
    for (; sent < total && clock_type::now() >= due; ++sent) {
      to.send(call(std::to_string(sent)));
      due += std::chrono::microseconds{static_cast<int>(gap_s(engine) * 1e6)};
    }
    auto until_next = std::chrono::duration_cast<std::chrono::milliseconds>(due - clock_type::now());
    auto text = to.receive(sent < total ? std::clamp(until_next, 0ms, 100ms) : 10'000ms);
    if (!text && sent == total) throw std::runtime_error("a result is missing");
    if (!text || text->find(R"("op":"result")") == std::string::npos) continue;
    auto x = json::parse(*text);
    ++answered;
    out.failed += x["status"] != "complete";
    out.queued_ms.add(x["queued_ms"].get<std::int64_t>());
  }
  return out;
}

std::int64_t show(const std::string& what, const measured& x, const std::string& more = {}) {
  std::printf("%-44s %6zu %6d %6ld %6ld  %s\n", what.c_str(), x.queued_ms.count(), x.failed,
              x.queued_ms.percentile(0.5), x.queued_ms.percentile(0.99), more.c_str());
  std::fflush(stdout);
  return x.queued_ms.percentile(0.99);
}

std::int64_t with_noise(weir::test::node_process& node, const std::string& what, const std::string& name,
                        int seconds) {
  noise loud{node.url(), "n-" + name, noisy_per_s};
  std::this_thread::sleep_for(1s); // the queue is full
  auto before = loud.answered();
  auto got = measure(node.url(), "q-" + name, seconds);
  auto rate = static_cast<double>(loud.answered() - before) / seconds;
  return show(what, got, "noisy was answered " + std::to_string(static_cast<int>(rate)) + "/s");
}

/// One call of the other tenant, so that it counts as there.
void touch(const std::string& url, const std::string& name) {
  weir::ws_client to;
  to.connect(url);
  to.hello("noisy", name);
  to.send(call("1"));
  while (auto text = to.receive(5s))
    if (text->find(R"("op":"result")") != std::string::npos) return;
}

std::int64_t median(std::vector<std::int64_t> x) {
  std::sort(x.begin(), x.end());
  return x[x.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
  auto seconds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 30;
  std::printf(
      "%d workers, %ld ms a call; quiet offers %.0f/s (0.4 of its share), noisy %.0f/s (20 times its)\n",
      workers, static_cast<long>(service.count()), quiet_per_s, noisy_per_s);
  std::printf("%-44s %6s %6s %6s %6s\n", "queueing time of the quiet tenant's calls, ms", "calls", "failed",
              "p50", "p99");
  weir::test::node_process node(config(""));
  node.start();
  show("nobody else has called: all workers", measure(node.url(), "first", seconds));
  std::vector<std::int64_t> alone, noisy;
  for (int run = 0; run < runs; ++run) {
    auto name = std::to_string(run);
    touch(node.url(), "t-" + name);
    alone.push_back(show("alone, on its share of the workers", measure(node.url(), "a-" + name, seconds)));
    noisy.push_back(with_noise(node, "with noise", name, seconds));
  }
  weir::test::node_process open(config(R"(,"max_share":1)"));
  open.start();
  with_noise(open, "with noise, max_share 1 (turns only)", "open", seconds);
  auto before = median(alone), after = median(noisy);
  std::printf("median p99 of %d runs: alone %ld ms, with noise %ld ms, ratio %.2f\n", runs, before, after,
              static_cast<double>(after) / static_cast<double>(std::max<std::int64_t>(before, 1)));
}
