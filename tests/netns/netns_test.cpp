// Three nodes on three hosts over one Redis, and a network between them that fails in all the ways that
// networks do. See README.md in this folder.
#include "actors/core/placement.hpp"
#include "tests/crash/checker.hpp"
#include "tests/crash/crowd.hpp"
#include "tests/integration/node_process.hpp"
#include "tests/netns/probe.hpp"
#include "tests/netns/test_network.hpp"
#include "tests/paths.hpp"
#include "tests/support/placed_on.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/test_certificates.hpp"

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <thread>

using namespace weir::test;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> names{"n1", "n2", "n3"};
constexpr const char* crowd_ns = "crash";
constexpr std::size_t machine = 0; // where Redis and the clients are
constexpr auto fault_time = 5s;
constexpr auto patience = 40s;

/// Who owned a namespace under which epoch, as Redis said it again and again.
class lease_watch {
public:
  lease_watch(const redis_server& redis, const std::string& ns)
    : thread_([this, &redis, ns] { watch(redis, ns); }) {}
  ~lease_watch() { stop(); }

  /// @returns the epochs that had two owners, in words.
  std::string stop() {
    stopping_ = true;
    if (thread_.joinable()) thread_.join();
    return wrong_;
  }

  std::size_t epochs() const { return owners_.size(); }

private:
  void watch(const redis_server& redis, const std::string& ns) {
    auto key = "weir:{" + ns + "}:lease:ns/" + ns;
    for (; !stopping_; std::this_thread::sleep_for(5ms)) {
      auto owner = redis.ask("HGET " + key + " owner");
      auto epoch = redis.ask("HGET " + key + " epoch");
      if (owner.find('/') == std::string::npos || owner != redis.ask("HGET " + key + " owner"))
        continue; // it changed meanwhile
      auto [at, is_new] = owners_.emplace(epoch, owner);
      if (at->second != owner) wrong_ += "epoch " + epoch + ": " + at->second + " and " + owner + "; ";
    }
  }

  std::map<std::string, std::string> owners_; // by epoch
  std::string wrong_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

/// The hosts with their nodes, a crowd around them, and what came of it.
class trial {
public:
  trial() : redis_({"--bind", "127.0.0.1", network.address(machine), "--protected-mode", "no"}) {
    setenv("WEIR_SESSION_SECRET", "a secret of the cluster's own", 1);
    for (std::size_t i = 0; i < names.size(); ++i) {
      nodes_.push_back(make(i));
      nodes_.back()->start();
    }
    wait_for_members();
    for (auto& x : nodes_) urls_.push_back(x->url());
    owner = weir::owner_of(crowd_ns, names);
    probe_ns_ = placed_on(names[owner], names, "probe");
    leases_ = std::make_unique<lease_watch>(redis_, crowd_ns);
    crowd_ = std::make_unique<crowd>(urls_, cast{}, 1);
    crowd_->start();
    probe_ = std::make_unique<probe>(urls_[other(1)], urls_[other(2)], probe_ns_);
    std::this_thread::sleep_for(1500ms);
  }

  ~trial() {
    probe_.reset();
    crowd_.reset();
    leases_.reset();
    unsetenv("WEIR_SESSION_SECRET");
  }

  /// One of the nodes that do not own the crowd's namespace.
  std::size_t other(std::size_t i) const { return (owner + i) % names.size(); }

  /// The host of a node.
  static std::size_t host_of(std::size_t node) { return node + 1; }

  /// What is told of it, and whether the checker is content.
  void judge(const std::string& what, const std::function<void()>& begin, const std::function<void()>& end) {
    probe_->reset();
    crowd_->note_kill(); // whoever had acked may be asked again by another owner
    begin();
    std::this_thread::sleep_for(fault_time);
    auto during = probe_->longest_silence();
    auto silent = probe_->silence();
    crowd_->note_kill();
    end();
    auto healed = std::chrono::steady_clock::now();
    while (probe_->silence() > 200ms && std::chrono::steady_clock::now() - healed < patience)
      std::this_thread::sleep_for(10ms);
    auto after =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - healed);
    std::this_thread::sleep_for(1s);
    wait_for_members();
    auto longest = probe_->longest_silence();
    auto refused = probe_->stop();
    crowd_->settle(2s, 60s);
    auto seen = crowd_->end();
    auto verdict = check(seen);
    auto two_owners = leases_->stop();
    std::string reasons;
    for (auto& [reason, n] : refused) reasons += reason + ' ' + std::to_string(n) + "; ";
    std::printf("| %s | %lld | %s | %lld | %s | %zu | %zu | %s |\n", what.c_str(),
                static_cast<long long>(during.count()),
                silent > 200ms ? std::to_string(after.count()).c_str() : "",
                static_cast<long long>(longest.count()), reasons.c_str(), seen.log.size(), leases_->epochs(),
                verdict.ok() && two_owners.empty() ? "well" : "BROKEN");
    std::fflush(stdout);
    INFO(what << "\n" << verdict.text() << two_owners << "\n" << logs());
    CHECK(verdict.ok());
    CHECK(two_owners.empty());
    CHECK(longest < patience);
  }

  node_process& node(std::size_t i) { return *nodes_.at(i); }

  test_network network{3};
  std::size_t owner = 0;

private:
  std::unique_ptr<node_process> make(std::size_t i) {
    json seeds = json::array();
    for (std::size_t j = 0; j < names.size(); ++j)
      if (j != i) seeds.push_back(network.address(host_of(j)) + ":4700");
    json config = {{"node", {{"name", names[i]}}},
                   {"listen", {{"address", network.address(host_of(i))}}},
                   {"cluster", {{"listen", network.address(host_of(i)) + ":4700"}, {"seeds", seeds}}},
                   {"store",
                    {{"kind", "redis"},
                     {"url", "redis://" + network.address(machine) + ":" + std::to_string(redis_.port())},
                     {"timeout_ms", 1000}}},
                   {"limits",
                    {{"publish_per_s", 1'000'000},
                     {"burst", 1'000'000},
                     {"dedupe_ids", 10'000'000},
                     {"dedupe_ms", 86'400'000},
                     {"causal_wait_ms", 60'000}, // an outage is no reason to give a predecessor up
                     {"kept_events", 10'000'000},
                     {"session_ttl_ms", 3'600'000}}},
                   {"agents", {{"ab", {{"kind", "chain_ab"}}}, {"bc", {{"kind", "chain_bc"}}}}},
                   {"namespaces", {{"*", {{"agents", {"ab", "bc"}}}}}}};
    if (std::getenv("WEIR_NETNS_TLS") != nullptr) config["cluster"]["tls"] = tls(names[i]);
    auto out = std::make_unique<node_process>(config.dump(), std::vector<std::string>{"--insecure"},
                                              network.wrap(host_of(i), WEIR_CRASH_NODE_PATH));
    out->use_port(8080);
    return out;
  }

  /// A section `cluster.tls` with a certificate of its own.
  json tls(const std::string& name) const {
    auto own = authority_.issue({name});
    auto write = [this](const std::string& file, const std::string& text) {
      std::ofstream{certificates_.file(file)} << text;
      return certificates_.file(file);
    };
    return {{"cert", write(name + ".pem", own.certificate)},
            {"key", write(name + ".key", own.key)},
            {"ca", write(name + ".ca", authority_.certificate())}};
  }

  /// As each node's log tells it: operators' doors are on the hosts' own loopback.
  void wait_for_members() {
    for (int tries = 0; tries < 400; ++tries) {
      auto all = true;
      for (std::size_t i = 0; i < names.size(); ++i)
        for (std::size_t j = 0; j < names.size(); ++j) all &= i == j || sees(i, j);
      if (all) return;
      std::this_thread::sleep_for(50ms);
    }
    FAIL("the nodes do not find each other again\n" << logs());
  }

  bool sees(std::size_t i, std::size_t j) const {
    std::ostringstream log;
    log << std::ifstream{nodes_[i]->log_path()}.rdbuf();
    auto text = log.str();
    auto came = text.rfind("cluster: node " + names[j] + " at");
    if (came == std::string::npos) return false;
    auto line = text.substr(came, text.find('\n', came) - came);
    return line.find("has joined") != std::string::npos;
  }

  std::string logs() const {
    std::ostringstream out;
    for (auto& x : nodes_) out << x->log_path() << ":\n" << std::ifstream{x->log_path()}.rdbuf() << '\n';
    return out.str();
  }

  temp_folder certificates_;
  test_authority authority_;
  redis_server redis_;
  std::vector<std::unique_ptr<node_process>> nodes_;
  std::vector<std::string> urls_;
  std::string probe_ns_;
  std::unique_ptr<lease_watch> leases_;
  std::unique_ptr<crowd> crowd_;
  std::unique_ptr<probe> probe_;
};

/// The trial, unless there can be none here.
std::unique_ptr<trial> begin() {
  if (auto why = test_network::why_not(); !why.empty()) SKIP(why);
  return std::make_unique<trial>();
}

constexpr link_rule broken{true, 0, 0};

} // namespace

TEST_CASE("a host that owns namespaces is cut off from everything", "[netns]") {
  auto x = begin();
  auto host = trial::host_of(x->owner);
  x->judge(
      "owner cut off from all",
      [&] {
        for (std::size_t i = 0; i < 4; ++i) x->network.set(i, host, broken), x->network.set(host, i, broken);
      },
      [&] { x->network.heal(); });
}

TEST_CASE("an owner is cut off from the other nodes, and reaches Redis and its clients", "[netns]") {
  auto x = begin();
  auto host = trial::host_of(x->owner);
  x->judge(
      "owner cut off from the nodes",
      [&] {
        for (std::size_t i = 1; i < 4; ++i) x->network.set(i, host, broken), x->network.set(host, i, broken);
      },
      [&] { x->network.heal(); });
}

TEST_CASE("nothing from an owner reaches the other nodes, and all of theirs reaches it", "[netns]") {
  auto x = begin();
  auto host = trial::host_of(x->owner);
  x->judge(
      "one way, from the owner",
      [&] {
        for (std::size_t i = 1; i < 4; ++i) x->network.set(host, i, broken);
      },
      [&] { x->network.heal(); });
}

TEST_CASE("nothing from the other nodes reaches an owner, and all of its own reaches them", "[netns]") {
  auto x = begin();
  auto host = trial::host_of(x->owner);
  x->judge(
      "one way, to the owner",
      [&] {
        for (std::size_t i = 1; i < 4; ++i) x->network.set(i, host, broken);
      },
      [&] { x->network.heal(); });
}

TEST_CASE("an owner does not reach Redis", "[netns]") {
  auto x = begin();
  x->judge(
      "owner cut off from Redis", [&] { x->network.set(trial::host_of(x->owner), machine, broken); },
      [&] { x->network.heal(); });
}

TEST_CASE("two nodes that own nothing are cut off from each other", "[netns]") {
  auto x = begin();
  auto a = trial::host_of(x->other(1)), b = trial::host_of(x->other(2));
  x->judge(
      "the two others cut off from each other",
      [&] { x->network.set(a, b, broken), x->network.set(b, a, broken); }, [&] { x->network.heal(); });
}

TEST_CASE("every packet takes 50 ms", "[netns]") {
  auto x = begin();
  x->judge(
      "50 ms each way",
      [&] {
        x->network.set_all({false, 50, 0});
      },
      [&] { x->network.heal(); });
}

TEST_CASE("one packet in twenty is lost", "[netns]") {
  auto x = begin();
  x->judge(
      "5% of packets lost",
      [&] {
        x->network.set_all({false, 0, 5});
      },
      [&] { x->network.heal(); });
}

TEST_CASE("an owner on a host of its own is killed and comes back", "[netns]") {
  auto x = begin();
  x->judge(
      "owner killed", [&] { x->node(x->owner).kill(); }, [&] { x->node(x->owner).start(); });
}

TEST_CASE("an owner stands still and goes on", "[netns]") {
  auto x = begin();
  x->judge(
      "owner stands still", [&] { x->node(x->owner).signal(SIGSTOP); },
      [&] { x->node(x->owner).signal(SIGCONT); });
}

TEST_CASE("a host that was cut off comes back over slow links", "[netns]") {
  auto x = begin();
  auto host = trial::host_of(x->owner);
  auto set = [&](const link_rule& what) {
    for (std::size_t i = 1; i < 4; ++i) x->network.set(i, host, what), x->network.set(host, i, what);
  };
  x->judge(
      "owner cut off from the nodes, then 100 ms each way", [&] { set(broken); },
      [&] {
        set({false, 100, 0});
      });
}
