// What orchestration itself costs: runs of a ten-step sequence of `echo` agents, in one process and without
// sockets, kept and not kept; and the memory of a run that waits.

#include "actors/host/host.hpp"
#include "actors/messages/meta_objects.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"
#include "benchmarks/bench_store.hpp"
#include "net/wire/encode.hpp"
#include "tests/support/temp_folder.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <string>
#include <thread>

#include <malloc.h>
#include <sys/resource.h>

using namespace weir;
using std::chrono::steady_clock;

namespace {

constexpr int steps = 10;

struct settings : caf::actor_system_config {
  settings() {
    set("caf.scheduler.policy", "sharing"); // as a node's
    set("caf.scheduler.max-threads", std::max(1U, std::thread::hardware_concurrency()));
  }
};

double cpu_seconds() {
  rusage x{};
  getrusage(RUSAGE_SELF, &x);
  auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(x.ru_utime) + seconds(x.ru_stime);
}

std::shared_ptr<const workflow> plan_of(const char* name, const nlohmann::json& what) {
  return std::make_shared<const workflow>(std::get<workflow>(read_workflow(name, what)));
}

namespace_plan make_plan(durability keep, std::uint64_t in_flight) {
  namespace_plan out;
  out.agents = {{"echo", "echo", {}}};
  out.bounds.runs = 2 * in_flight + 1024; // a call is counted until its end is settled
  out.keep = keep;
  auto sequence = nlohmann::json::array();
  for (int i = 0; i < steps; ++i) sequence.push_back({{"agent", "echo"}});
  out.workflows["ten"] = plan_of("ten", {{"kept", keep != durability::none}, {"sequence", sequence}});
  out.workflows["wait"] = plan_of("wait", {{"kept", keep != durability::none}, {"await", {{"on", "go.*"}}}});
  return out;
}

/// Calls a workflow again and again, with so many runs in flight.
class caller : public caf::event_based_actor {
public:
  /// @param prefix of the ids of its calls.
  caller(caf::actor_config& cfg, caf::actor ns, std::string target, std::string prefix,
         std::uint64_t in_flight, std::uint64_t total, std::promise<void>* done)
    : caf::event_based_actor(cfg), ns_(std::move(ns)), target_(std::move(target)), prefix_(std::move(prefix)),
      in_flight_(in_flight), total_(total), done_(done) {}

  caf::behavior make_behavior() override {
    while (started_ < std::min(in_flight_, total_)) start();
    return {
        [this](const run_update& what) {
          if (!what.finished) return;
          if (what.result.status != run_status::complete) {
            std::fprintf(stderr, "a run ended as %s: %s\n", to_string(what.result.status),
                         what.result.error.message.c_str());
            std::exit(1);
          }
          if (++ended_ == total_) return done_->set_value();
          if (started_ < total_) start();
        },
    };
  }

private:
  void start() {
    call_request out;
    out.target = target_;
    out.client_id = "bench";
    out.message_id = prefix_ + std::to_string(started_++);
    out.input = R"({"text":"hello"})";
    out.timeout_ms = 600'000;
    out.caller = {this, 1, false};
    ask(std::move(out));
  }

  /// Again and again: ten thousand at once are more than the store takes at a time.
  void ask(call_request what) {
    request(ns_, std::chrono::seconds{60}, what).then([this, what](const answer& got) {
      if (got.no.refused() && got.no.retry_after_ms == 0) {
        std::fprintf(stderr, "refused: %s\n", got.no.message.c_str());
        std::exit(1);
      }
      if (got.no.refused()) {
        run_delayed(std::chrono::milliseconds{got.no.retry_after_ms}, [this, what] { ask(what); });
        return;
      }
      if (++taken_ == total_ && target_ == "wait") done_->set_value();
    });
  }

  caf::actor ns_;
  std::string target_;
  std::string prefix_;
  std::uint64_t in_flight_;
  std::uint64_t total_;
  std::promise<void>* done_;
  std::uint64_t started_ = 0;
  std::uint64_t taken_ = 0;
  std::uint64_t ended_ = 0;
};

/// In the place of a relay: a node has one as soon as it has a client, and everything is sent there.
caf::behavior sink(caf::event_based_actor* self, caf::actor host, std::promise<caf::actor>* found) {
  self->send(host, attach_relay{"bench", self});
  return {
      [found](const attached& got) { found->set_value(got.ns); },
      [](const delivery_batch&) {},
  };
}

/// A node without sockets.
class bench_node {
public:
  bench_node(durability keep, std::uint64_t in_flight) : system_(settings_) {
    if (keep != durability::none)
      store_ = start_store(system_, bench::open_store_file(folder_.path() / "weir.db"));
    host::config cfg;
    cfg.plan = [keep, in_flight](const std::string&) { return make_plan(keep, in_flight); };
    cfg.registry = std::make_shared<const agent_registry>(agent_registry::with_builtins());
    cfg.models = std::make_shared<const model_directory>();
    cfg.store = store_;
    cfg.encode = wire::encode_event;
    cfg.seed = 1;
    host_ = system_.spawn<host>(std::move(cfg));
    std::promise<caf::actor> found;
    sink_ = system_.spawn(sink, host_, &found);
    ns_ = found.get_future().get();
  }

  ~bench_node() {
    caf::scoped_actor self{system_};
    if (caller_) self->send_exit(caller_, caf::exit_reason::kill);
    self->send_exit(sink_, caf::exit_reason::kill);
    caller_ = nullptr;
    sink_ = nullptr;
    ns_ = nullptr;
    self->send_exit(host_, caf::exit_reason::user_shutdown);
    self->wait_for(host_);
    host_ = nullptr;
    if (store_.actor) self->send_exit(store_.actor, caf::exit_reason::user_shutdown);
    store_ = {};
  }

  void run(const char* target, std::uint64_t in_flight, std::uint64_t total) {
    std::promise<void> done;
    caller_ = system_.spawn<caller>(ns_, target, std::to_string(++callers_) + '.', in_flight, total, &done);
    done.get_future().wait();
  }

private:
  settings settings_;
  test::temp_folder folder_;
  caf::actor_system system_;
  store_handle store_;
  caf::actor host_;
  caf::actor ns_;
  caf::actor sink_;
  caf::actor caller_;
  int callers_ = 0;
};

void measure_steps(durability keep, std::uint64_t in_flight) {
  auto total = std::max<std::uint64_t>(in_flight * 3, keep == durability::none ? 20'000 : 5'000);
  if (in_flight == 1) total = keep == durability::none ? 5'000 : 2'000;
  bench_node node{keep, in_flight};
  node.run("ten", in_flight, total / 10 + 1); // warm
  auto cpu = cpu_seconds();
  auto began = steady_clock::now();
  node.run("ten", in_flight, total);
  auto seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  cpu = cpu_seconds() - cpu;
  auto all_steps = static_cast<double>(total) * steps;
  std::printf("| %s | %llu | %.0f | %.1f | %.1f |\n", keep == durability::none ? "not kept" : "kept",
              static_cast<unsigned long long>(in_flight), static_cast<double>(total) / seconds,
              seconds * 1e6 / all_steps, cpu * 1e6 / all_steps);
  std::fflush(stdout);
}

void measure_memory(durability keep) {
  constexpr std::uint64_t runs = 10'000;
  bench_node node{keep, runs};
  node.run("ten", 100, 1000); // warm
  std::this_thread::sleep_for(std::chrono::seconds{1});
  auto before = mallinfo2().uordblks;
  node.run("wait", runs, runs);
  std::this_thread::sleep_for(std::chrono::seconds{2}); // until each of them waits
  auto each = static_cast<double>(mallinfo2().uordblks - before) / static_cast<double>(runs);
  std::printf("| %s | %.2f KiB |\n", keep == durability::none ? "not kept" : "kept", each / 1024);
}

} // namespace

/// With an argument, only that many runs in flight, not kept: for a profiler.
int main(int argc, char** argv) {
  init_meta_objects();
  if (argc > 1) {
    measure_steps(durability::none, std::stoul(argv[1]));
    return 0;
  }
  std::printf(
      "| journal | runs in flight | runs/s | µs per step | CPU µs per step |\n|---|---|---|---|---|\n");
  for (auto keep : {durability::none, durability::process})
    for (std::uint64_t in_flight : {1, 100, 10'000}) measure_steps(keep, in_flight);
  std::printf("\n| a waiting run | memory |\n|---|---|\n");
  for (auto keep : {durability::none, durability::process}) measure_memory(keep);
}
