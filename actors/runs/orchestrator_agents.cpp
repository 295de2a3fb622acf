// The agents of a namespace: how they are started and watched over, and what an operator is told of them.

#include "actors/core/error_text.hpp"
#include "actors/core/errors.hpp"
#include "actors/core/hash.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "actors/core/one_line.hpp"
#include "actors/core/supervisor.hpp"
#include "actors/runs/orchestrator.hpp"
#include "actors/store/memory_store.hpp"

#include <caf/actor_system.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>
#include <nlohmann/json.hpp>

namespace weir {

namespace {

using nlohmann::json;

constexpr auto namespace_timeout = std::chrono::seconds{3};

/// Of an agent's calls and events in hand the list shows so many.
constexpr std::size_t max_tasks_shown = 100;

} // namespace

// -- starting them

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
  out.expiry_clock_ms = settings_.expiry_clock_ms;
  out.blocking = settings_.blocking;
  out.watch = settings_.watch;
  out.on_note = note_sender();
  return out;
}

/// Takes notes to this orchestrator, as long as it is there.
std::function<void(agent_note)> orchestrator::note_sender() const {
  return [self = address()](agent_note what) {
    if (auto to = caf::actor_cast<caf::actor>(self)) caf::anon_send(to, std::move(what));
  };
}

void orchestrator::start_agent(const agent_config& cfg) {
  auto& x = agents_[cfg.name];
  x.config = cfg;
  x.since_ms = settings_.wall_clock_ms();
  if (cfg.is_external()) { // it runs elsewhere, and comes for its calls
    x.state = agent_state_kind::ready;
    return;
  }
  if (!settings_.registry->knows(cfg.kind)) // of a plugin that was refused
    return on_agent_note({cfg.name, agent_state_kind::failed, "no kind of agent " + cfg.kind, 0});
  child_spec child{cfg.name,
                   [host = host_of(cfg)](caf::actor_system& sys) { return agent_host::start(sys, host); }};
  supervisor::config rules;
  rules.rests = true;
  rules.intensity = {static_cast<std::uint32_t>(settings_.bounds.agent_restarts),
                     std::chrono::milliseconds{settings_.bounds.agent_restart_window_ms}};
  rules.seed = fnv1a{}.add(settings_.ns_name).add(cfg.name).value();
  auto note = note_sender();
  auto why = std::make_shared<std::string>(); // of the supervisor's last crash, in its context
  rules.observer.on_crash = [why](const std::string&, const caf::error& x) { *why = one_line(text_of(x)); };
  rules.observer.on_restart = [note, why](const std::string& name, std::chrono::milliseconds delay) {
    note({name, agent_state_kind::restarting, *why, delay.count()});
  };
  rules.observer.on_escalate = [note, why, window = rules.intensity.window](const std::string& name) {
    note({name, agent_state_kind::failed, *why, window.count()});
  };
  x.supervisor = spawn<supervisor>(rules, std::vector<child_spec>{child});
  monitor(x.supervisor);
  ++getting_ready_;
  request(x.supervisor, std::chrono::seconds{5}, door_atom_v, cfg.name)
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

/// What is told of an agent that could not start may only be told once: it is on its way to the next state.
void orchestrator::on_agent_note(const agent_note& what) {
  auto i = agents_.find(what.name);
  if (i == agents_.end()) return;
  auto& x = i->second;
  x.state = what.state;
  x.since_ms = settings_.wall_clock_ms();
  x.error = what.error;
  agent_log log{settings_.ns_name, what.name};
  json data = {{"agent", what.name}, {"error", what.error}, {"delay_ms", what.delay_ms}};
  switch (what.state) {
  case agent_state_kind::ready:
    if (x.restarts > 0) log.info("is ready again");
    return;
  case agent_state_kind::restarting:
    ++x.restarts;
    log.warn("is started again in " + std::to_string(what.delay_ms) + " ms: " + what.error);
    return send(settings_.ns, server_event{"sys.agent.restarting", print_json(data)});
  case agent_state_kind::failed:
    ++x.restarts;
    log.error("has failed: " + what.error
              + (what.delay_ms > 0 ? "; it is tried again in " + std::to_string(what.delay_ms) + " ms" : ""));
    return send(settings_.ns, server_event{"sys.agent.failed", print_json(data)});
  }
}

// -- what an operator asks

caf::result<admin_answer> orchestrator::on_admin(const admin_query& what) {
  switch (what.what) {
  case admin_query::verb::agents:
    return list_agents();
  case admin_query::verb::restart:
    return restart_agent(what.agent);
  default:
    return list_runs(what.limit);
  }
}

/// The namespace knows which events they have in hand.
caf::result<admin_answer> orchestrator::list_agents() {
  auto promise = make_response_promise<admin_answer>();
  admin_query ask;
  ask.what = admin_query::verb::agents;
  request(settings_.ns, namespace_timeout, ask)
      .then(
          [this, promise](const admin_answer& got) mutable {
            promise.deliver(admin_answer{{}, print_agents(got.json)});
          },
          [this, promise](const caf::error&) mutable {
            promise.deliver(admin_answer{{}, print_agents("{}")});
          });
  return promise;
}

/// @param in_hand of each agent the events that it has, as the namespace says it: JSON text of an object.
std::string orchestrator::print_agents(const std::string& in_hand) const {
  auto events = parse_json(in_hand);
  std::map<std::string, json> tasks;
  for (auto& x : agents_)
    tasks[x.first] = events.is_object() ? events.value(x.first, json::array()) : json::array();
  for (auto& [id, x] : runs_) {
    auto to = tasks.find(x.order.target);
    if (to == tasks.end() || to->second.size() >= max_tasks_shown) continue;
    to->second.push_back({{"run_id", id}, {"for_ms", waited_ms(x)}});
  }
  auto out = json::array();
  for (auto& [name, x] : agents_)
    out.push_back({{"namespace", settings_.ns_name},
                   {"agent", name},
                   {"kind", x.config.kind},
                   {"state", to_string(x.state)},
                   {"since_ms", x.since_ms},
                   {"error", x.error},
                   {"restarts", x.restarts},
                   {"in_hand", std::move(tasks[name])}});
  return print_json(out);
}

admin_answer orchestrator::restart_agent(const std::string& name) {
  auto i = agents_.find(name);
  if (i == agents_.end())
    return {errors::unknown_target("no agent " + one_line(name, 256) + " runs here"), {}};
  if (!i->second.supervisor) return {errors::conflict("the agent " + name + " cannot be started here"), {}};
  agent_log{settings_.ns_name, name}.info("is started again by an operator");
  send(i->second.supervisor, restart_atom_v);
  json out = {{"namespace", settings_.ns_name}, {"agent", name}, {"restarted", true}};
  return {{}, print_json(json::array({out}))};
}

} // namespace weir
