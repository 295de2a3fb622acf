// How long is a namespace silent when its owner is killed? See README.md in this folder.
#include "net/client/ws_client.hpp"
#include "tests/integration/node_process.hpp"
#include "tests/support/placed_on.hpp"
#include "tests/support/redis_server.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace weir;
using namespace std::chrono_literals;
using nlohmann::json;
using steady = std::chrono::steady_clock;

namespace {

const std::vector<std::string> names{"n1", "n2", "n3"};

double ms_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

/// Three nodes with all roles over one Redis.
class cluster {
public:
  cluster() {
    std::vector<std::string> seeds;
    for (auto& name : names) {
      json config = {{"node", {{"name", name}}},
                     {"cluster", {{"listen", "127.0.0.1:0"}, {"seeds", seeds}}},
                     {"store", {{"kind", "redis"}, {"url", redis_.url()}}}};
      nodes_.push_back(std::make_unique<test::node_process>(config.dump()));
      nodes_.back()->start();
      seeds.push_back(nodes_.back()->cluster_address());
    }
  }

  test::node_process& at(std::size_t i) { return *nodes_.at(i); }

private:
  test::redis_server redis_;
  std::vector<std::unique_ptr<test::node_process>> nodes_;
};

json receive(ws_client& from, std::chrono::milliseconds timeout) {
  auto text = from.receive(timeout);
  return text ? json::parse(*text) : json();
}

/// Publishes, again after each refusal, until one event is delivered at the other client.
/// @returns how often it was refused.
int publish_until_delivered(ws_client& by, ws_client& to, const std::string& id) {
  auto frame = json{{"op", "publish"}, {"type", "t"}, {"message_id", id}, {"data", 1}}.dump();
  auto begin = steady::now();
  for (int refused = 0;; ++refused) {
    if (ms_since(begin) > 60'000) throw std::runtime_error("the namespace does not come again");
    by.send(frame);
    json answer;
    while (answer["op"] != "ok" && answer["op"] != "error") answer = receive(by, 10s);
    if (answer["op"] == "error") {
      std::this_thread::sleep_for(5ms);
      continue;
    }
    while (receive(to, 10s)["message_id"] != id) {
    }
    return refused;
  }
}

/// One owner's death, from the kill to the first event that its successor delivers, milliseconds.
double measure(cluster& all, std::size_t owner, int round) {
  auto ns = test::placed_on(names.at(owner), names, "r" + std::to_string(round) + "-");
  ws_client alice, bob;
  alice.connect(all.at((owner + 1) % 3).url());
  bob.connect(all.at((owner + 2) % 3).url());
  alice.hello(ns, "alice");
  bob.hello(ns, "bob");
  bob.send(R"({"op":"subscribe","id":"s","pattern":"t"})");
  while (receive(bob, 10s)["op"] != "ok") {
  }
  publish_until_delivered(alice, bob, "before");
  std::this_thread::sleep_for(std::chrono::milliseconds{std::rand() % 700}); // anywhere between two renewals
  auto begin = steady::now();
  all.at(owner).kill();
  publish_until_delivered(alice, bob, "after");
  auto out = ms_since(begin);
  all.at(owner).start();
  return out;
}

} // namespace

int main(int argc, char** argv) {
  auto rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 50;
  setenv("WEIR_SESSION_SECRET", "a secret of the benchmark's own", 1);
  try {
    cluster all;
    std::vector<double> times;
    for (int i = 0; i < rounds; ++i) {
      times.push_back(measure(all, static_cast<std::size_t>(i) % 3, i));
      std::fprintf(stderr, "%d: %.0f ms\n", i + 1, times.back());
    }
    std::sort(times.begin(), times.end());
    std::printf(
        "kill -9 of an owner to the first event of its successor, %d rounds: min %.0f ms, p50 %.0f ms, "
        "p90 %.0f ms, max %.0f ms\n",
        rounds, times.front(), times[times.size() / 2], times[times.size() * 9 / 10], times.back());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
