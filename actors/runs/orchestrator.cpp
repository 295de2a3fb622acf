#include "actors/runs/orchestrator.hpp"

#include "actors/agents/agent_host.hpp"
#include "actors/core/hash.hpp"
#include "actors/core/supervisor.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/run.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

constexpr std::uint64_t max_results = 1000;
constexpr std::uint64_t max_result_bytes = 8 * 1024 * 1024;

refusal internal(std::string message) { return {code::internal, "failed", std::move(message), 0, {}, 0, 0}; }

} // namespace

orchestrator::orchestrator(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), results_(max_results, max_result_bytes) {}

caf::behavior orchestrator::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& x : settings_.agents) start_agent(x);
  // Calls are only taken once every agent can be reached.
  if (getting_ready_ == 0) on_agent_ready({}, nullptr);
  return {
      [this](const offered_event& what) { on_call(what); },
      [this](const watch_run& what) { on_watch(what); },
      [this](const cancel_run& what) { on_cancel(what); },
      [this](const run_finished& what) { on_finished(what); },
  };
}

void orchestrator::on_exit() {
  for (auto& [name, x] : agents_)
    if (x.supervisor) caf::anon_send_exit(x.supervisor, caf::exit_reason::user_shutdown);
  for (auto& [id, x] : runs_) caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown);
  settings_.ns = nullptr;
  agents_.clear();
  runs_.clear();
  waiting_.clear();
}

// -- agents

void orchestrator::start_agent(const agent_config& cfg) {
  agent_host::config host{cfg.name, settings_.ns_name, settings_.ns, settings_.models,
                          [registry = settings_.registry, cfg] { return registry->make(cfg); }};
  child_spec child{cfg.name, [host](caf::actor_system& sys) { return sys.spawn<agent_host>(host); }};
  supervisor::config rules;
  rules.intensity = {static_cast<std::uint32_t>(settings_.bounds.agent_restarts),
                     std::chrono::milliseconds{settings_.bounds.agent_restart_window_ms}};
  rules.seed = fnv1a{}.add(settings_.ns_name).add(cfg.name).value();
  rules.observer.on_restart = [ns = settings_.ns](const std::string& name, std::chrono::milliseconds delay) {
    nlohmann::json data = {{"agent", name}, {"delay_ms", delay.count()}};
    caf::anon_send(ns, server_event{"sys.agent.restarting", data.dump()});
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
  auto window = static_cast<std::uint32_t>(settings_.bounds.runs);
  send(settings_.ns, subscribe_durably{namespace_actor::orchestrator_name, {"sys.call.*"}, window, this});
}

void orchestrator::on_down(const caf::down_msg& msg) {
  for (auto& [name, x] : agents_) {
    if (!x.supervisor || x.supervisor.address() != msg.source) continue;
    x.supervisor = nullptr;
    x.door = nullptr;
    nlohmann::json data = {{"agent", name}, {"error", to_string(msg.reason)}};
    send(settings_.ns, server_event{"sys.agent.failed", data.dump()});
    return;
  }
  for (auto& [id, x] : runs_) {
    if (x.actor.address() != msg.source) continue;
    run_result result;
    result.run_id = id;
    result.error = internal("the run crashed: " + to_string(msg.reason));
    auto seq = x.seq;
    return finish(seq, std::move(result)); // invalidates id and x
  }
}

// -- runs

void orchestrator::on_call(const offered_event& what) {
  auto& x = *what.what;
  auto id = x.event_id();
  auto data = nlohmann::json::parse(x.data); // the server's own: see call_event_data
  auto target = data.at("target").get<std::string>();
  auto i = agents_.find(target);
  if (i == agents_.end() || !i->second.supervisor) {
    run_result result;
    result.run_id = id;
    result.error = {code::unavailable, "unavailable", "the agent " + target + " has failed", 0, {}, 0, 0};
    return finish(x.seq, std::move(result));
  }
  run::config job;
  job.run_id = id;
  job.ns = settings_.ns_name;
  job.seq = x.seq;
  job.client_id = x.client_id;
  job.input = data.at("input").dump();
  job.timeout_ms = data.at("timeout_ms").get<std::int64_t>();
  job.waited_ms = std::max<std::int64_t>(0, settings_.wall_clock_ms() - x.ts_ms);
  if (i->second.config.kind == "prompt") job.prompt = i->second.config.prompt;
  job.agent = i->second.door;
  job.models = settings_.models;
  if (auto node = waiting_.extract(id); !node.empty()) job.watchers = std::move(node.mapped());
  job.owner = this;
  job.agent_name = target;
  job.ns_actor = settings_.ns;
  auto started = spawn<run>(std::move(job));
  monitor(started);
  runs_[id] = {x.seq, started};
}

void orchestrator::on_watch(const watch_run& what) {
  if (auto i = runs_.find(what.run_id); i != runs_.end()) {
    send(i->second.actor, what.who);
  } else if (auto* result = results_.find(what.run_id)) {
    tell(what.who, *result);
  } else if (waiting_.size() < settings_.bounds.runs || waiting_.count(what.run_id) > 0) {
    waiting_[what.run_id].push_back(what.who); // the namespace bounds how many wait for one
  }
}

void orchestrator::on_cancel(const cancel_run& what) {
  answer out;
  out.ticket = what.ticket;
  if (auto i = runs_.find(what.run_id); i != runs_.end())
    send(i->second.actor, stop_atom_v);
  else
    out.no = {code::not_found, "unknown_run", "no run " + what.run_id + " is in flight", 0, {}, 0, 0};
  if (what.relay) send(what.relay, answer_batch{{std::move(out)}});
}

void orchestrator::on_finished(const run_finished& what) { finish(what.seq, what.result); }

void orchestrator::finish(std::uint64_t seq, run_result result) {
  if (auto node = runs_.extract(result.run_id); !node.empty()) demonitor(node.mapped().actor);
  if (auto node = waiting_.extract(result.run_id); !node.empty())
    for (auto& who : node.mapped()) tell(who, result);
  results_.add(std::move(result));
  send(settings_.ns, settlement{namespace_actor::orchestrator_name, seq});
}

void orchestrator::tell(const watcher& who, const run_result& result) {
  run_update out;
  out.subscriber = who.subscriber;
  out.finished = true;
  out.result = result;
  caf::anon_send(who.relay, std::move(out));
}

} // namespace weir
