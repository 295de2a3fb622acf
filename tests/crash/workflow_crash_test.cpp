// The real node, killed at random points of runs of each of the nine patterns. What it recorded is read from
// its store while it is dead; the agents write down each step that they begin. Then:
//
// - each run ends with the same result as one that nobody disturbed;
// - a step that had ended in the journal when the node was killed was never begun again;
// - the steps of each run ended once.
//
//   WEIR_CRASH_KILLS=300 WEIR_CRASH_SEED=7 build/release/weir_crash_tests "[workflows]"
#include "actors/runs/run_journal.hpp"
#include "actors/store/sqlite/sqlite_store.hpp"
#include "tests/integration/client.hpp"
#include "tests/paths.hpp"
#include "tests/support/quiet_port.hpp"
#include "tests/support/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>

using namespace weir;
using namespace weir::test;

namespace {

#ifdef WEIR_SANITIZED
constexpr std::uint32_t default_kills = 12;
#else
constexpr std::uint32_t default_kills = 60;
#endif

std::uint32_t option(const char* name, std::uint32_t otherwise) {
  auto* given = std::getenv(name);
  return given == nullptr ? otherwise : static_cast<std::uint32_t>(std::stoul(given));
}

json agent(const char* name) { return {{"agent", name}}; }

/// One workflow for each pattern.
json workflows() {
  json ends = {{"path", "/n"}, {"greater", 5}};
  json awaits = {{"on", "approve.*"}};
  json saga = {
      {{"agent", "a"}, {"undo", agent("b")}}, {{"agent", "c"}, {"undo", agent("d")}}, agent("broken")};
  return {
      {"sequence", {{"sequence", {agent("a"), agent("b"), agent("c"), agent("d"), agent("e")}}}},
      {"parallel",
       {{"sequence",
         {agent("a"),
          {{"parallel", {agent("b"), agent("c"), {{"sequence", {agent("d"), agent("e")}}}}}},
          agent("f")}}}},
      {"route",
       {{"sequence",
         {agent("a"),
          {{"route",
            {{{"when", {{"path", "/n"}, {"equals", 7}}}, {"do", agent("broken")}}, {{"else", agent("b")}}}}},
          agent("c")}}}},
      {"loop", {{"loop", {{"do", {agent("a"), agent("b")}}, {"until", ends}, {"max", 9}}}}},
      {"await",
       {{"sequence", {agent("a"), {{"await", awaits}}, agent("b"), {{"await", awaits}}, agent("c")}}}},
      {"handoff", {{"handoff", {{"among", {"first", "second", "third"}}, {"first", "first"}, {"max", 5}}}}},
      {"group_chat", {{"group_chat", {{"agents", {"a", "b", "c"}}, {"turns", 7}, {"next", "round_robin"}}}}},
      {"fallback", {{"sequence", {agent("a"), {{"fallback", {agent("broken"), agent("b")}}}, agent("c")}}}},
      {"compensate", {{"compensate", saga}}},
  };
}

json config(const std::string& data_dir) {
  json agents;
  std::vector<std::string> names;
  for (auto* name : {"a", "b", "c", "d", "e", "f", "first", "second", "third", "broken"}) {
    agents[name] = {{"kind", "worker"}};
    names.push_back(name);
  }
  auto plans = workflows();
  std::vector<std::string> plan_names;
  for (auto& [name, plan] : plans.items()) plan_names.push_back(name);
  return {{"node", {{"data_dir", data_dir}}},
          {"limits", {{"publish_per_s", 1'000'000}, {"burst", 1'000'000}, {"journal_ttl_ms", 3'600'000}}},
          {"models",
           {{"slow",
             {{"backend", "simulated"},
              {"workers", 64},
              {"queue_limit", 4096},
              {"simulated", {{"first_piece_ms", 8}, {"piece_ms", 2}, {"pieces", 3}}}}}}},
          {"agents", agents},
          {"workflows", plans},
          {"namespaces", {{"*", {{"agents", names}, {"workflows", plan_names}}}}}};
}

/// What the store says of a run.
struct recorded {
  std::set<std::string> ended; // origins of steps that have ended
};

class harness {
public:
  explicit harness(std::uint32_t seed)
    : rng_(seed), data_(folder_.file("data")), trace_(folder_.file("trace")),
      node_((setenv("WEIR_CRASH_TRACE", trace_.c_str(), 1), config(data_).dump()), {}, WEIR_CRASH_NODE_PATH) {
    node_.use_port(quiet_port());
    node_.start();
    connect();
  }

  /// Starts one run of each pattern, and gives their run ids.
  std::vector<std::string> call_all(int round) {
    std::vector<std::string> out;
    auto plans = workflows();
    for (auto& [name, plan] : plans.items()) {
      calls_[name + '.' + std::to_string(round)] = name;
      out.push_back(name + '.' + std::to_string(round));
      call(out.back());
    }
    return out;
  }

  /// Approves what waits, and collects results, for that long.
  void go_on(std::chrono::milliseconds time) {
    auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      auto x = client_->receive(5ms);
      if (x.is_null()) continue;
      if (x["op"] == "result") results_[x["run_id"].get<std::string>()] = strip(x);
      if (x["op"] == "event" && x["type"] == "sys.run.waiting") approve(x["data"]);
    }
  }

  void kill() {
    client_.reset();
    node_.kill();
    ++kills_;
    read_journals();
    traced_ = lines().size();
    node_.start();
    connect();
    for (auto& [id, name] : calls_)
      if (results_.count(run_id(id)) == 0) call(id);
    // What began to wait while nobody was there is approved by its run's id.
    for (auto& [id, name] : calls_)
      if (name == "await" && results_.count(run_id(id)) == 0) approve({{"run_id", run_id(id)}, {"step", 0}});
  }

  /// Until every run has ended.
  bool finish(std::chrono::seconds at_most = 60s) {
    auto until = std::chrono::steady_clock::now() + at_most;
    while (results_.size() < calls_.size() && std::chrono::steady_clock::now() < until) {
      go_on(200ms);
      for (auto& [id, name] : calls_)
        if (name == "await" && results_.count(run_id(id)) == 0)
          approve({{"run_id", run_id(id)}, {"step", 0}});
    }
    return results_.size() == calls_.size();
  }

  void stop() {
    client_.reset();
    node_.stop();
  }

  static std::string run_id(const std::string& message_id) { return "tester/" + message_id; }

  /// Steps that were begun after the node had been killed with their end in the journal.
  std::vector<std::string> begun_again() {
    auto all = lines();
    std::vector<std::string> out;
    for (std::size_t i = 0; i < all.size(); ++i) {
      auto origin = all[i].substr(all[i].find(' ') + 1);
      auto known = ended_at_.find(origin);
      if (known != ended_at_.end() && i >= known->second) out.push_back(all[i]);
    }
    return out;
  }

  /// The steps of each finished run, by run id, as the store keeps them.
  std::map<std::string, json> finished_runs() {
    std::map<std::string, json> out;
    each_key([&](const key_entry& x) {
      if (!journal_keys::parse(x.key).is_end) return;
      auto what = json::parse(x.value);
      out[what["run"]["run_id"].get<std::string>()] = what;
    });
    return out;
  }

  const std::map<std::string, json>& results() const { return results_; }
  const std::map<std::string, std::string>& calls() const { return calls_; }
  std::size_t begun() { return lines().size(); }
  std::size_t distinct() {
    auto all = lines();
    return std::set<std::string>(all.begin(), all.end()).size();
  }
  std::mt19937& rng() { return rng_; }
  std::uint32_t kills() const { return kills_; }

private:
  void connect() {
    client_ = std::make_unique<client>(node_, "tester");
    client_->subscribe("sys.run.waiting");
  }

  void call(const std::string& id) {
    client_->send({{"op", "call"},
                   {"target", calls_[id]},
                   {"message_id", id},
                   {"input", {{"n", 0}, {"text", calls_[id]}}},
                   {"timeout_ms", 600'000}});
  }

  void approve(const json& who) {
    auto id = "ok" + std::to_string(approvals_++);
    client_->publish("approve.it", id, {{"run_id", who["run_id"]}, {"n", 10}});
  }

  /// What must be the same however often the node was killed.
  static json strip(const json& result) {
    auto output = result["output"].dump();
    auto id = result["run_id"].get<std::string>();
    for (auto at = output.find(id); at != std::string::npos; at = output.find(id))
      output.replace(at, id.size(), "RUN");
    json out = {{"status", result["status"]}, {"output", output}};
    if (result.contains("error")) out["reason"] = result["error"]["reason"];
    return out;
  }

  void each_key(const std::function<void(const key_entry&)>& then) {
    auto opened = open_sqlite_store({.path = data_ + "/weir.db"});
    auto& store = std::get<std::unique_ptr<weir::store>>(opened);
    for (std::string after;;) {
      auto got = store->scan("demo", journal_keys::prefix, after, 1000, 1);
      auto& keys = std::get<std::vector<key_entry>>(got);
      for (auto& x : keys) then(x);
      if (keys.size() < 1000) return;
      after = keys.back().key;
    }
  }

  /// Only while the node is dead.
  void read_journals() {
    auto begun = lines().size();
    each_key([&](const key_entry& x) {
      auto place = journal_keys::parse(x.key);
      auto note = [&](std::uint64_t step) {
        ended_at_.emplace(std::to_string(place.seq) + '.' + std::to_string(step), begun);
      };
      auto what = json::parse(x.value);
      if (place.is_end)
        for (auto& step : what["steps"]) note(step["step"]);
      else if (what.contains("call_ended"))
        note(what["call_ended"]["step"]);
    });
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::ifstream file{trace_};
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
  }

  std::mt19937 rng_;
  temp_folder folder_;
  std::string data_;
  std::string trace_;
  node_process node_;
  std::unique_ptr<client> client_;
  std::map<std::string, std::string> calls_;    // message id → workflow
  std::map<std::string, json> results_;         // by run id
  std::map<std::string, std::size_t> ended_at_; // origin → steps begun when its end was first seen recorded
  std::size_t traced_ = 0;
  std::uint32_t approvals_ = 0;
  std::uint32_t kills_ = 0;
};

} // namespace

TEST_CASE("runs of workflows go on after kill -9 with the step that they were in", "[crash][workflows]") {
  auto seed = option("WEIR_CRASH_SEED", 1);
  INFO("WEIR_CRASH_SEED=" << seed);

  std::map<std::string, json> expected;
  {
    harness calm{seed};
    calm.call_all(0);
    REQUIRE(calm.finish());
    for (auto& [id, name] : calm.calls()) expected[name] = calm.results().at(harness::run_id(id));
    calm.stop();
  }

  harness x{seed};
  auto kills = option("WEIR_CRASH_KILLS", default_kills);
  for (std::uint32_t i = 0; i < kills; ++i) {
    x.call_all(static_cast<int>(i));
    x.go_on(std::chrono::milliseconds{10 + x.rng()() % 150});
    x.kill();
  }
  REQUIRE(x.finish());
  x.stop();

  for (auto& [id, name] : x.calls()) {
    INFO(id);
    CHECK(x.results().at(harness::run_id(id)) == expected.at(name));
  }
  CHECK(x.begun_again() == std::vector<std::string>{});
  auto finished = x.finished_runs();
  CHECK(finished.size() == x.calls().size());
  std::size_t steps = 0;
  for (auto& [id, what] : finished) {
    INFO(id << ": " << what.dump());
    std::set<std::uint64_t> numbers;
    for (auto& step : what["steps"]) CHECK(numbers.insert(step["step"].get<std::uint64_t>()).second);
    CHECK_FALSE(numbers.empty());
    steps += numbers.size();
  }
  std::cout << kills << " kills, " << x.calls().size() << " runs, " << steps << " steps ended, " << x.begun()
            << " begun, of which " << x.begun() - x.distinct() << " again after a kill\n";
}
