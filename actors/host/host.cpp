#include "actors/host/host.hpp"

#include "actors/core/type_ids.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace weir {

namespace {

/// A namespace that crashes more often than this stays down until the window has passed.
constexpr restart_intensity intensity{10, std::chrono::milliseconds{60'000}};

} // namespace

host::host(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), random_(settings_.seed) {}

caf::behavior host::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  return {
      [this](const attach_relay& what) { admit(what); },
      [this](restart_atom, const std::string& name) { restart(name); },
  };
}

void host::on_exit() {
  for (auto& [name, x] : entries_) {
    if (x.orchestrator) caf::anon_send_exit(x.orchestrator, caf::exit_reason::user_shutdown);
    if (x.ns) caf::anon_send_exit(x.ns, caf::exit_reason::user_shutdown);
  }
  entries_.clear();
}

void host::admit(const attach_relay& what) {
  refusal no;
  auto* x = open(what.name, no);
  if (x == nullptr) return refuse(what, std::move(no));
  if (x->ns)
    send(x->ns, what);
  else
    x->waiting.push_back(what);
}

host::entry* host::open(const std::string& name, refusal& no) {
  if (auto i = entries_.find(name); i != entries_.end()) {
    if (!i->second.failed) return &i->second;
    no = {code::unavailable, "unavailable", "namespace " + name + " keeps crashing", 10'000, {}, 0, 0};
    return nullptr;
  }
  if (entries_.size() >= settings_.max_namespaces) {
    no = {code::too_many,
          "quota",
          "this node has all the namespaces it may have",
          10'000,
          "node",
          entries_.size(),
          settings_.max_namespaces};
    return nullptr;
  }
  auto seed = static_cast<std::uint64_t>(random_.next() * 1e18);
  entry made{settings_.plan(name), nullptr, nullptr, restart_ledger{intensity, backoff{}, seed}, false, {}};
  auto& x = entries_.emplace(name, std::move(made)).first->second;
  start(name, x);
  return &x;
}

void host::start(const std::string& name, entry& x) {
  namespace_actor::config cfg;
  cfg.name = name;
  cfg.epoch = make_epoch();
  cfg.bounds = x.plan.bounds;
  cfg.encode = settings_.encode;
  for (auto& agent : x.plan.agents) cfg.targets.insert(agent.name);
  cfg.wall_clock_ms = settings_.wall_clock_ms;
  x.ns = spawn<namespace_actor>(std::move(cfg));
  monitor(x.ns);
  start_orchestrator(name, x);
}

void host::start_orchestrator(const std::string& name, entry& x) {
  orchestrator::config cfg{name,
                           x.ns,
                           x.plan.bounds,
                           x.plan.agents,
                           settings_.registry,
                           settings_.models,
                           settings_.wall_clock_ms};
  x.orchestrator = spawn<orchestrator>(std::move(cfg));
  monitor(x.orchestrator);
}

void host::on_down(const caf::down_msg& msg) {
  for (auto& [name, x] : entries_) {
    auto is = [&msg](const caf::actor& y) { return y && y.address() == msg.source; };
    if (!is(x.ns) && !is(x.orchestrator)) continue;
    if (is(x.ns)) {
      // Without its namespace an orchestrator has nothing to do; the next namespace gets one of its own.
      x.ns = nullptr;
      if (x.orchestrator) {
        demonitor(x.orchestrator);
        send_exit(x.orchestrator, caf::exit_reason::user_shutdown);
      }
    }
    x.orchestrator = nullptr;
    auto delay = x.ledger.on_crash(clock().now());
    x.failed = !delay;
    if (x.failed)
      for (auto& relay : std::exchange(x.waiting, {}))
        refuse(relay,
               {code::unavailable, "unavailable", "namespace " + name + " keeps crashing", 10'000, {}, 0, 0});
    delayed_send(this, delay.value_or(intensity.window), restart_atom_v, name);
    return;
  }
}

void host::restart(const std::string& name) {
  auto i = entries_.find(name);
  if (i == entries_.end()) return;
  auto& x = i->second;
  x.failed = false;
  if (!x.ns)
    start(name, x);
  else if (!x.orchestrator)
    start_orchestrator(name, x);
  for (auto& relay : std::exchange(x.waiting, {})) send(x.ns, relay);
}

void host::refuse(const attach_relay& what, refusal no) {
  attached out;
  out.no = std::move(no);
  send(what.relay, std::move(out));
}

std::string host::make_epoch() {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 8; ++i) out += digits[static_cast<std::size_t>(random_.next() * 16)];
  return out;
}

} // namespace weir
