// A store that goes back, over and over, under clients that are there, that lag and that are away; then the
// checker is asked whether anybody missed something that it was not told of.
//
//   WEIR_ROLLBACK_ROUNDS=500 WEIR_CRASH_SEED=7 build/release/weir_crash_tests "[rollback]"
//
// Each round has a namespace and clients of its own. The seed decides what is done to the store and when;
// what the scheduler makes of it is different each time.
#include "tests/crash/crowd.hpp"
#include "tests/crash/rollback_checker.hpp"
#include "tests/crash/rollback_clients.hpp"
#include "tests/integration/node_process.hpp"
#include "tests/support/quiet_port.hpp"
#include "tests/support/redis_server.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <thread>

using namespace weir::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

#ifdef WEIR_SANITIZED
constexpr std::uint32_t default_rounds = 3;
#else
constexpr std::uint32_t default_rounds = 12;
#endif

std::uint32_t option(const char* name, std::uint32_t otherwise) {
  auto* given = std::getenv(name);
  return given == nullptr ? otherwise : static_cast<std::uint32_t>(std::stoul(given));
}

std::string config(const json& store) {
  json out = {{"store", store},
              {"limits",
               {{"publish_per_s", 1'000'000},
                {"burst", 1'000'000},
                {"dedupe_ids", 1'000'000},
                {"log_events", 200}, // in memory: what is older comes from the store
                {"session_ttl_ms", 3'600'000}}},
              {"namespaces", {{"*", {{"durability", "process"}}}}}};
  return out.dump();
}

/// The clients of one round.
class small_crowd {
public:
  small_crowd(const std::string& url, const std::string& ns, std::uint32_t seed) {
    context_.ns = ns;
    context_.urls = {url};
    for (int i = 0; i < 2; ++i)
      publishers_.push_back(
          std::make_unique<rollback_publisher>(context_, "p" + std::to_string(i), seed * 16 + i));
    auto add = [&](const char* name, bool says_epoch, bool slow) {
      subscribers_.push_back(std::make_unique<rollback_subscriber>(
          context_, name, seed * 16 + 4 + static_cast<std::uint32_t>(subscribers_.size()),
          rollback_subscriber::habits{says_epoch, slow}));
      return subscribers_.back().get();
    };
    add("live", true, false);
    add("live-old", false, false);
    lagging_ = add("lagging", true, true);
    absent_ = add("absent", true, false);
    absent_old_ = add("absent-old", false, false);
    for (auto& x : publishers_) threads_.emplace_back([&x] { x->run(); });
    for (auto& x : subscribers_) threads_.emplace_back([&x] { x->run(); });
  }

  ~small_crowd() { end(); }

  void await_begin() {
    await("all are subscribed", [this] {
      return std::all_of(subscribers_.begin(), subscribers_.end(), [](auto& x) { return x->is_ready(); });
    });
    await_more(10);
  }

  /// Until so many more events are acknowledged.
  void await_more(std::size_t n) {
    auto goal = acked() + n;
    await("events are acknowledged", [this, goal] { return acked() >= goal; });
  }

  void leave(bool on) {
    absent_->set_present(!on);
    absent_old_->set_present(!on);
  }

  void lag(bool on) { lagging_->set_reading(!on); }

  /// All come back, and have what there is.
  void settle() {
    leave(false);
    lag(false);
    context_.draining = true;
    await("publishers are answered", [this] {
      return std::all_of(publishers_.begin(), publishers_.end(), [](auto& x) { return x->is_idle(); });
    });
    context_.progress();
    await("readers are quiet", [this] { return context_.now() - context_.last_progress > 700'000; });
  }

  rollback_history end() {
    context_.stopping = true;
    for (auto& x : threads_) x.join();
    threads_.clear();
    rollback_history out;
    for (auto& x : publishers_) {
      out.acks.insert(out.acks.end(), x->acks().begin(), x->acks().end());
      out.faults.insert(out.faults.end(), x->faults().begin(), x->faults().end());
    }
    for (auto& x : subscribers_) {
      out.sessions.push_back(x->record());
      out.faults.insert(out.faults.end(), x->faults().begin(), x->faults().end());
    }
    return out;
  }

private:
  std::size_t acked() const {
    std::size_t out = 0;
    for (auto& x : publishers_) out += x->acked_count();
    return out;
  }

  static void await(const char* what, const std::function<bool()>& done) {
    for (auto until = std::chrono::steady_clock::now() + 60s; !done(); std::this_thread::sleep_for(5ms))
      if (std::chrono::steady_clock::now() > until)
        throw std::runtime_error(std::string{"in 60 s not: "} + what);
  }

  run_context context_;
  std::vector<std::unique_ptr<rollback_publisher>> publishers_;
  std::vector<std::unique_ptr<rollback_subscriber>> subscribers_;
  rollback_subscriber *lagging_, *absent_, *absent_old_;
  std::vector<std::thread> threads_;
};

/// A store that can be made to go back, with the node over it.
class unsteady_store {
public:
  virtual ~unsteady_store() = default;
  virtual node_process& node() = 0;
  /// What `go_back` may go back to.
  virtual void save() = 0;
  /// Gives what was done, and sets `lost` when something may be gone.
  virtual std::string go_back(std::mt19937& rng, bool& lost) = 0;
};

class unsteady_redis : public unsteady_store {
public:
  unsteady_redis()
    : redis_({"--appendonly", "no"}), older_({"--appendonly", "no"}),
      node_(config({{"kind", "redis"}, {"url", redis_.url()}, {"timeout_ms", 300}})) {
    node_.use_port(quiet_port());
    node_.start();
  }

  node_process& node() override { return node_; }

  void save() override {
    redis_.ask("SAVE");
    older_.kill();
    fs::copy_file(redis_.folder() + "/dump.rdb", older_.folder() + "/dump.rdb",
                  fs::copy_options::overwrite_existing);
  }

  std::string go_back(std::mt19937& rng, bool& lost) override {
    lost = true;
    switch (rng() % 7) {
    case 0:
      redis_.ask("FLUSHALL");
      return "FLUSHALL";
    case 1:
      be_replica();
      return "REPLICAOF and back";
    case 2:
      node_.kill();
      restart_redis();
      node_.start();
      return "an older dump, the node started again";
    case 3:
      node_.kill();
      restart_redis();
      fs::remove(node_.folder() + "/data/weir.redis-witness");
      node_.start();
      return "an older dump, the node started again without its witness";
    case 4:
      redis_.ask("DEL weir:{" + ns + "}:log");
      return "DEL of the log";
    case 5:
      lost = false;
      node_.kill();
      node_.start();
      return "the node started again";
    default:
      restart_redis();
      return "an older dump";
    }
  }

  std::string ns;

private:
  void restart_redis() {
    redis_.kill();
    redis_.start();
  }

  void be_replica() {
    older_.start();
    redis_.ask("REPLICAOF 127.0.0.1 " + std::to_string(older_.port()));
    auto linked = [this] {
      return redis_.ask("INFO replication").find("master_link_status:up") != std::string::npos;
    };
    for (int i = 0; i < 4000 && !linked(); ++i) std::this_thread::sleep_for(5ms);
    redis_.ask("REPLICAOF NO ONE");
    older_.kill();
  }

  redis_server redis_, older_;
  node_process node_;
};

class unsteady_file : public unsteady_store {
public:
  unsteady_file() : node_(config({{"kind", "sqlite"}})) {
    node_.use_port(quiet_port());
    node_.start();
  }

  node_process& node() override { return node_; }

  void save() override {
    node_.kill();
    for (auto* x : {"", "-wal"}) {
      fs::remove(file(x) + ".saved");
      if (fs::exists(file(x))) fs::copy_file(file(x), file(x) + ".saved");
    }
    node_.start();
  }

  std::string go_back(std::mt19937& rng, bool& lost) override {
    node_.kill();
    auto done = damage(rng, lost);
    node_.start();
    return done;
  }

private:
  std::string file(const std::string& suffix) const { return node_.folder() + "/data/weir.db" + suffix; }

  std::string damage(std::mt19937& rng, bool& lost) {
    lost = true;
    auto wal = file("-wal");
    auto size = fs::exists(wal) ? fs::file_size(wal) : 0;
    switch (size > 0 ? rng() % 5 : 3) {
    case 0:
      fs::resize_file(wal, size - 1 - rng() % std::min<std::uint64_t>(size, 100'000));
      return "the write-ahead log cut";
    case 1: {
      std::fstream bytes{wal, std::ios::in | std::ios::out | std::ios::binary};
      auto at = static_cast<std::streamoff>(size - 1 - rng() % std::min<std::uint64_t>(size, 100'000));
      bytes.seekg(at);
      auto c = static_cast<char>(bytes.get());
      bytes.seekp(at);
      bytes.put(static_cast<char>(c ^ (1 << rng() % 8)));
      return "a bit of the write-ahead log flipped";
    }
    case 2:
      for (auto* x : {"", "-wal", "-shm"}) fs::remove(file(x));
      return "the file removed";
    case 3:
      for (auto* x : {"", "-wal", "-shm"}) fs::remove(file(x));
      for (auto* x : {"", "-wal"})
        if (fs::exists(file(x) + ".saved")) fs::copy_file(file(x) + ".saved", file(x));
      return "an older file put back";
    default:
      lost = false;
      return "the node started again";
    }
  }

  node_process node_;
};

void play(unsteady_store& store, const std::string& ns, std::uint32_t seed) {
  std::mt19937 rng{seed};
  auto nap = [&rng](std::uint32_t least, std::uint32_t most) {
    std::this_thread::sleep_for(std::chrono::milliseconds{least + rng() % (most - least)});
  };
  small_crowd crowd{store.node().url(), ns, seed};
  crowd.await_begin();
  std::vector<std::string> done;
  auto anything_lost = false;
  auto times = 1 + rng() % 2;
  for (std::uint32_t i = 0; i < times; ++i) {
    store.save();
    crowd.await_more(5 + rng() % 50);
    if (rng() % 4 > 0) crowd.leave(true);
    if (rng() % 4 > 0) crowd.lag(true);
    crowd.await_more(rng() % 100);
    auto lost = false;
    done.push_back(store.go_back(rng, lost));
    anything_lost |= lost;
    if (rng() % 3 == 0) crowd.leave(false); // before anything has come
    crowd.await_more(5 + rng() % 100);
    crowd.leave(false);
    crowd.lag(false);
    nap(1, 100);
  }
  crowd.settle();
  auto seen = crowd.end();
  for (auto& x : read_log(store.node().url(), seen.epoch, ns)) seen.log.push_back({{}, x.seq, x.event_id});
  seen.rollbacks = done;
  seen.must_stay = !anything_lost;
  auto verdict = check_rollback(seen);
  std::string what;
  for (auto& x : done) what += (what.empty() ? "" : "; ") + x;
  if (verdict.ok()) {
    SUCCEED();
    return;
  }
  std::error_code ignored;
  auto kept = fs::temp_directory_path() / ("weir-rollback-" + std::to_string(seed) + ".log");
  fs::copy_file(store.node().log_path(), kept, fs::copy_options::overwrite_existing, ignored);
  FAIL_CHECK("seed " << seed << ": " << what << "; the node's log is " << kept.string() << "\n"
                     << verdict.text());
}

template <class Store, class Prepare>
void play_all(const char* name, Prepare prepare) {
  auto rounds = option("WEIR_ROLLBACK_ROUNDS", default_rounds);
  auto seed = option("WEIR_CRASH_SEED", 1);
  std::unique_ptr<Store> store;
  for (std::uint32_t i = 0; i < rounds; ++i) {
    if (i % 50 == 0) {
      store.reset();
      store = std::make_unique<Store>();
    }
    auto ns = "r" + std::to_string(i);
    prepare(*store, ns);
    try {
      play(*store, ns, seed + i);
    } catch (const std::exception& error) {
      FAIL("seed " << seed + i << ": " << error.what());
    }
    if (i % 25 == 24) std::cout << name << ": " << i + 1 << " rounds" << std::endl;
  }
}

} // namespace

TEST_CASE("a Redis that goes back is told to everyone, and nothing is missed unsaid", "[crash][rollback]") {
  play_all<unsteady_redis>("Redis", [](unsteady_redis& x, const std::string& ns) { x.ns = ns; });
}

TEST_CASE("a store file that goes back is told to everyone, and nothing is missed unsaid",
          "[crash][rollback]") {
  play_all<unsteady_file>("file", [](unsteady_file&, const std::string&) {});
}
