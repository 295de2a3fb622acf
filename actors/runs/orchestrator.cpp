#include "actors/runs/orchestrator.hpp"

#include "actors/core/hash.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/supervisor.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/run.hpp"
#include "actors/store/memory_store.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

constexpr std::uint64_t max_results = 1000;
constexpr std::uint64_t max_result_bytes = 8 * 1024 * 1024;
constexpr std::size_t max_threads = 1000; // in memory
constexpr std::size_t max_memory_bytes = 8 * 1024 * 1024;

refusal internal(std::string message) { return {code::internal, "failed", std::move(message), 0, {}, 0, 0}; }

} // namespace

orchestrator::orchestrator(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), link_(this, settings_.store, settings_.keep),
    threads_(settings_.bounds.thread_queue),
    watches_(settings_.bounds.run_watchers, settings_.bounds.watches_per_connection),
    results_(max_results, max_result_bytes),
    memory_(max_threads, max_memory_bytes, static_cast<std::int64_t>(settings_.bounds.thread_ttl_ms)),
    meters_(settings_.metrics ? settings_.metrics
                              : std::make_shared<run_metrics>(system(), settings_.ns_name)) {}

caf::behavior orchestrator::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& x : settings_.agents) start_agent(x);
  // Calls are only taken once every agent can be reached.
  if (getting_ready_ == 0) on_agent_ready({}, nullptr);
  return {
      [this](const offered_event& what) { on_offer(what); },
      [this](const watch_run& what) { on_watch(what); },
      [this](const watch_request& what) { on_watch(what); },
      [this](const unwatch_request& what) { on_unwatch(what); },
      [this](const watcher_gone& what) { on_gone(what); },
      [this](const cancel_run& what) { on_cancel(what); },
      [this](worker_delta& what) { return on_worker(what); },
      [this](worker_result& what) { return on_worker(what); },
      [this](const run_finished& what) { on_finished(what); },
      [this](move_atom) { begin_move(); },
      [this](const store_committed& what) {
        link_.on_committed(what);
        end_move();
      },
      [this](store_answer& what) { link_.on_answered(what); },
      [this](const run_event_taken& what) {
        if (auto i = runs_.find(what.run_id); i != runs_.end()) on_taken(i->second, what.seq);
      },
      [this](const wake_run& what) { on_wake(what); },
      [this](const admin_query& what) { return on_admin(what); },
  };
}

void orchestrator::on_exit() {
  for (auto& [name, x] : agents_)
    if (x.supervisor) caf::anon_send_exit(x.supervisor, caf::exit_reason::user_shutdown);
  for (auto& [id, x] : runs_) {
    if (x.actor) caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown);
    x.timer.dispose();
  }
  settings_.ns = nullptr;
  agents_.clear();
  runs_.clear();
  run_ids_.clear();
  sleepers_.clear();
  waiting_.clear();
  watches_.clear();
  meters_.clear();
  services_ = nullptr;
  settings_.store = {};
  link_.close();
}

// -- agents

agent_host::config orchestrator::host_of(const agent_config& cfg) const {
  agent_host::config out;
  out.name = cfg.name;
  out.ns_name = settings_.ns_name;
  out.ns = settings_.ns;
  out.models = settings_.models;
  out.make = [registry = settings_.registry, cfg] { return registry->make(cfg); };
  out.settings = cfg.settings;
  out.store = settings_.store;
  out.keep = settings_.keep;
  if (!out.store.actor) out.memory = std::make_shared<memory_store>();
  out.wall_clock_ms = settings_.wall_clock_ms;
  out.may_detach = settings_.may_detach;
  return out;
}

void orchestrator::start_agent(const agent_config& cfg) {
  if (cfg.is_external()) { // it runs elsewhere, and comes for its calls
    agents_[cfg.name] = {cfg, nullptr, nullptr};
    return;
  }
  if (!settings_.registry->knows(cfg.kind)) { // of a plugin that was refused
    agents_[cfg.name] = {cfg, nullptr, nullptr};
    nlohmann::json data = {{"agent", cfg.name}, {"error", "no kind of agent " + cfg.kind}};
    return send(settings_.ns, server_event{"sys.agent.failed", print_json(data)});
  }
  child_spec child{cfg.name,
                   [host = host_of(cfg)](caf::actor_system& sys) { return agent_host::start(sys, host); }};
  supervisor::config rules;
  rules.intensity = {static_cast<std::uint32_t>(settings_.bounds.agent_restarts),
                     std::chrono::milliseconds{settings_.bounds.agent_restart_window_ms}};
  rules.seed = fnv1a{}.add(settings_.ns_name).add(cfg.name).value();
  rules.observer.on_restart = [ns = settings_.ns](const std::string& name, std::chrono::milliseconds delay) {
    nlohmann::json data = {{"agent", name}, {"delay_ms", delay.count()}};
    caf::anon_send(ns, server_event{"sys.agent.restarting", print_json(data)});
  };
  auto boss = spawn<supervisor>(rules, std::vector<child_spec>{child});
  monitor(boss);
  agents_[cfg.name] = {cfg, boss, nullptr};
  ++getting_ready_;
  request(boss, std::chrono::seconds{5}, door_atom_v, cfg.name)
      .then([this, name = cfg.name](caf::actor door) { on_agent_ready(name, std::move(door)); },
            [this, name = cfg.name](const caf::error&) { on_agent_ready(name, nullptr); });
}

void orchestrator::on_agent_ready(const std::string& name, caf::actor door) {
  if (auto i = agents_.find(name); i != agents_.end()) {
    i->second.door = std::move(door);
    --getting_ready_;
  }
  if (getting_ready_ > 0) return;
  make_services();
  if (link_.exists())
    read_journals({});
  else
    subscribe();
}

void orchestrator::on_down(const caf::down_msg& msg) {
  for (auto& [name, x] : agents_) {
    if (!x.supervisor || x.supervisor.address() != msg.source) continue;
    x.supervisor = nullptr;
    x.door = nullptr;
    nlohmann::json data = {{"agent", name}, {"error", to_string(msg.reason)}};
    send(settings_.ns, server_event{"sys.agent.failed", print_json(data)});
    return;
  }
  auto i = run_ids_.find(msg.source);
  if (i == run_ids_.end()) return; // it has told its end
  auto id = i->second;
  fail(runs_.at(id).order.seq, id, internal("the run crashed: " + to_string(msg.reason)));
}

} // namespace weir
