#include "actors/host/host.hpp"

#include "actors/cluster/lease_names.hpp"
#include "actors/core/crash_log.hpp"
#include "actors/core/errors.hpp"
#include "actors/core/namespace_label.hpp"
#include "actors/host/node_keys.hpp"
#include "actors/messages/type_ids.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include <malloc.h>

namespace weir {

namespace {

constexpr std::uint64_t names_at_once = 256;
constexpr std::uint64_t namespace_bytes = 40'000; // about what one takes that nothing is in
constexpr auto store_retry = std::chrono::milliseconds{500};

/// Namespaces get their ticks in so many parts, one each second: not all at once.
constexpr std::size_t sweep_parts =
    namespace_actor::sweep_every / std::chrono::milliseconds{std::chrono::seconds{1}};

/// A namespace that crashes more often than this stays down until the window has passed.
constexpr restart_intensity intensity{10, std::chrono::milliseconds{60'000}};

/// A name that no other process has.
std::string make_life() {
  std::random_device source;
  return std::to_string(source()) + '-' + std::to_string(source());
}

} // namespace

host::host(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), random_(settings_.seed), life_(make_life()),
    moved_(system().metrics().counter_singleton(
        "weir.cluster", "namespaces-moved", "Namespaces that were handed on to another node.", "1", true)),
    memory_gauge_(system().metrics().gauge_singleton(
        "weir", "namespaces-memory-bytes", "What namespaces hold in memory; see node.memory_bytes.")),
    disk_gauge_(system().metrics().gauge_singleton(
        "weir", "namespaces-disk-bytes", "What namespaces hold in the store; at most node.disk_bytes.")),
    adopted_(system().metrics().counter_singleton("weir.cluster", "namespaces-adopted",
                                                  "Namespaces that another node has handed on.", "1", true)) {
}

caf::behavior host::make_behavior() {
  log_crashes(*this, "the host of the namespaces");
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  set_exit_handler([this](const caf::exit_msg& msg) { stop(msg.reason); });
  // Else it is not known yet which of them are this node's.
  if (settings_.node.empty()) reopen();
  sweep(0);
  return caf::message_handler{
      [this](const attach_relay& what) { admit(what); },
      [this](restart_atom, const std::string& name) { restart(name); },
      [this](const admin_query& what) { return on_admin(what); },
      [this](const server_event& what) {
        for (auto& [name, x] : entries_)
          if (x.ns) send(x.ns, what);
      },
      [this](plans_changed) { on_plans_changed(); },
      [this](store_answer& what) { on_known(what); },
      [this](const store_committed& what) {
        on_remembered(what);
        on_dropped(what);
      },
      [this](const namespace_vacancy& what) { on_vacancy(what); },
  }
      .or_else(placing());
}

/// Ends when the last namespace has: whoever waits for that can end what they need, the store.
void host::stop(const caf::error& reason) {
  stopping_ = reason;
  for (auto& [name, x] : entries_) {
    if (x.orchestrator) send_exit(x.orchestrator, caf::exit_reason::user_shutdown);
    if (x.ns) send_exit(x.ns, caf::exit_reason::user_shutdown);
  }
  quit_if_alone();
}

void host::quit_if_alone() {
  auto runs = [](auto& x) { return x.second.ns != nullptr; };
  if (std::none_of(entries_.begin(), entries_.end(), runs)) quit(*stopping_);
}

void host::on_exit() {
  for (auto& [name, x] : entries_) { // there are some only if it was killed
    if (x.orchestrator) caf::anon_send_exit(x.orchestrator, caf::exit_reason::user_shutdown);
    if (x.ns) caf::anon_send_exit(x.ns, caf::exit_reason::user_shutdown);
  }
  entries_.clear();
  whose_.clear();
  places_.clear();
  vacating_.clear();
  membership_ = nullptr;
  settings_.store = {};
  settings_.claims = nullptr;
}

// -- what was there before

void host::reopen() {
  if (!settings_.store.actor) return;
  if (reopening_.is_over()) reopening_since_ = clock().now();
  reopening_.begin();
  go_on_reopening();
}

void host::go_on_reopening() {
  if (stopping_) return;
  while (auto name = reopening_.next()) {
    refusal no;
    auto here = is_placed_here(*name);
    if (!here || entries_.count(*name) > 0)
      reopening_.done(*name);
    else if (open(*name, no) == nullptr) {
      spdlog::warn("host.not_reopened namespace={} reason={}", *name, no.reason);
      reopening_.done(*name);
    }
  }
  if (auto after = reopening_.next_page()) read_names(*after);
}

void host::read_names(const std::string& last) {
  auto after = last.empty() ? std::string{} : namespace_key(last);
  auto no = settings_.store.box->offer(
      this, settings_.store.actor, store_read{0, scan_keys{node_keys, "namespace/", after, names_at_once}});
  if (no.refused()) on_no_names();
}

void host::on_no_names() {
  reopening_.on_no_page();
  run_delayed(store_retry, [this] { go_on_reopening(); });
}

void host::on_known(store_answer& what) {
  auto* keys = std::get_if<std::vector<key_entry>>(&what.what);
  if (keys == nullptr) return on_no_names();
  std::vector<std::string> names;
  names.reserve(keys->size());
  for (auto& x : *keys) names.push_back(x.key.substr(10));
  reopening_.on_page(std::move(names), keys->size() < names_at_once);
  go_on_reopening();
  note_reopened();
}

/// A namespace that was to be opened again is, or has turned out to be another node's.
void host::opened(const std::string& name) {
  if (!reopening_.done(name)) return;
  go_on_reopening();
  note_reopened();
}

void host::note_reopened() {
  if (!reopening_.is_over() || reopening_.opened() == 0) return;
  auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - reopening_since_);
  spdlog::info("host.reopened namespaces={} ms={}", reopening_.opened(), took.count());
}

/// Until it is kept: a namespace that the store does not know would only be opened when a client comes.
void host::remember(const std::string& name) {
  auto id = next_write_++;
  store_batch what{id, durability::process, {{key_put{node_keys, namespace_key(name), "{}", 0, 0}, {}}}};
  if (settings_.store.box->offer(this, settings_.store.actor, std::move(what)).refused())
    run_delayed(store_retry, [this, name] {
      if (entries_.count(name) > 0) remember(name);
    });
  else
    remembering_[id] = name;
}

void host::on_remembered(const store_committed& what) {
  auto node = remembering_.extract(what.id);
  auto& no = what.first_refusal();
  if (node.empty() || !no.refused() || no.reason == store_reason::version_conflict) return; // it is there
  run_delayed(store_retry, [this, name = node.mapped()] {
    if (entries_.count(name) > 0) remember(name);
  });
}

/// See `namespace_actor::sweep_every`.
void host::sweep(std::size_t part) {
  std::size_t i = 0;
  for (auto& [name, x] : entries_)
    if (i++ % sweep_parts == part && x.ns) send(x.ns, tick_atom_v);
  note_memory();
  run_delayed(namespace_actor::sweep_every / sweep_parts, [this, part] { sweep((part + 1) % sweep_parts); });
}

void host::note_memory() {
  auto used = settings_.memory ? settings_.memory->used() : 0;
  memory_gauge_->value(static_cast<std::int64_t>(used));
  disk_gauge_->value(static_cast<std::int64_t>(settings_.disk ? settings_.disk->used() : 0));
  if (trim_.is_due(used + entries_.size() * namespace_bytes)) ::malloc_trim(0);
}

void host::admit(const attach_relay& what) {
  refusal no;
  if (stopping_) return refuse(what, {code::unavailable, "draining", "the node stops", 1000, {}, 0, 0});
  if (what.hops > 0 && !has_link(what.relay.node(), what.reach, system().node()))
    return send(what.relay, attach_later{});
  if (entries_.count(what.name) == 0 && what.hops == 0 && !is_placed_here(what.name))
    return pass_on(what, *places_.owner_of(what.name));
  if (!may_open(what.name)) {
    if (!reopening_.is_over()) return send(what.relay, attach_later{}); // it may be one of those
    return refuse(what, errors::forbidden("namespace " + what.name + " is not configured here"));
  }
  auto* x = open(what.name, no);
  if (x == nullptr) return refuse(what, std::move(no));
  if (!x->deleting.empty()) return refuse(what, deleted(what.name));
  if (x->ns && x->now == phase::open)
    send(x->ns, what);
  else
    wait(*x, what);
}

/// A relay that has asked before waits once.
void host::wait(entry& x, const attach_relay& what) {
  auto same = [&what](const attach_relay& y) { return y.relay == what.relay; };
  if (std::none_of(x.waiting.begin(), x.waiting.end(), same)) x.waiting.push_back(what);
}

void host::let_in(entry& x) {
  for (auto& relay : std::exchange(x.waiting, {})) send(x.ns, relay);
}

host::entry* host::open(const std::string& name, refusal& no) {
  if (auto i = entries_.find(name); i != entries_.end()) {
    if (!i->second.failed) return &i->second;
    no = {code::unavailable, "unavailable", "namespace " + name + " keeps crashing", 10'000, {}, 0, 0};
    return nullptr;
  }
  make_room();
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
  auto plan = settings_.plan(name);
  auto label = label_for(name, plan);
  entry made{std::move(plan), std::move(label), nullptr, nullptr, restart_ledger{intensity, backoff{}, seed}};
  made.models = models_for(name, made);
  auto& x = entries_.emplace(name, std::move(made)).first->second;
  if (settings_.claims) {
    x.now = phase::claiming;
    send(settings_.claims, claim_namespace{name});
  } else {
    start(name, x);
  }
  return &x;
}

std::shared_ptr<const model_directory> host::models_for(const std::string& name, const entry& x) {
  if (!settings_.models) return nullptr;
  auto account = std::make_shared<model_account>(system(), name, x.label, x.plan.bounds.model_tokens_per_min);
  return std::make_shared<const model_directory>(pools_for(system(), *settings_.models, account));
}

/// Whatever is written for it is refused once another node owns it.
store_handle host::store_for(const std::string& name, const entry& x) const {
  auto out = settings_.store;
  if (settings_.claims) out.guard = {namespace_lease(name), x.epoch};
  return x.plan.keep == durability::none ? store_handle{} : out;
}

void host::start(const std::string& name, entry& x) {
  if (settings_.store.actor && x.plan.keep != durability::none) remember(name);
  namespace_actor::config cfg;
  cfg.name = name;
  cfg.metrics = namespace_metrics_.of(x.label);
  cfg.epoch = make_epoch();
  cfg.bounds = x.plan.bounds;
  cfg.encode = settings_.encode;
  cfg.subscribers.insert(namespace_actor::orchestrator_name);
  for (auto& agent : x.plan.agents) {
    cfg.targets.insert(agent.name);
    if (agent.is_external())
      cfg.external[agent.name] = agent.external.lease_ms;
    else
      cfg.subscribers.insert("agent." + agent.name);
  }
  for (auto& [target, plan] : x.plan.workflows) cfg.targets.insert(target);
  cfg.wall_clock_ms = settings_.wall_clock_ms;
  cfg.store = store_for(name, x);
  cfg.keep = x.plan.keep;
  cfg.tenure = settings_.tenure;
  // Another node may have gone on with it since it was here, and what that one kept is not in this store.
  cfg.begins_anew = !settings_.claims && had_company_ && !x.has_run;
  x.has_run = true;
  cfg.refuse_orphans = x.plan.refuse_orphans;
  cfg.life = life_;
  cfg.memory = settings_.memory;
  cfg.disk = settings_.disk;
  if (!x.plan.configured) cfg.keeper = this;
  x.ns = spawn<namespace_actor>(std::move(cfg));
  watch(x.ns, name);
  start_orchestrator(name, x);
  if (!reopening_.is_opening(name)) return;
  // Answered once it has loaded.
  request(x.ns, caf::infinite, loaded_atom_v)
      .then([this, name] { opened(name); }, [this, name](const caf::error&) { opened(name); });
}

void host::start_orchestrator(const std::string& name, entry& x) {
  orchestrator::config cfg;
  cfg.ns_name = name;
  cfg.metrics = run_metrics_.of(x.label);
  cfg.ns = x.ns;
  cfg.bounds = x.plan.bounds;
  cfg.agents = x.plan.agents;
  cfg.workflows = x.plan.workflows;
  cfg.registry = settings_.registry;
  cfg.models = x.models;
  cfg.wall_clock_ms = settings_.wall_clock_ms;
  cfg.expiry_clock_ms = settings_.expiry_clock_ms ? settings_.expiry_clock_ms : settings_.wall_clock_ms;
  cfg.store = store_for(name, x);
  cfg.keep = x.plan.keep;
  cfg.blocking = settings_.blocking;
  cfg.watch = settings_.watch;
  x.orchestrator = spawn<orchestrator>(std::move(cfg));
  watch(x.orchestrator, name);
}

void host::watch(const caf::actor& what, const std::string& name) {
  monitor(what);
  whose_[what.address()] = name;
}

void host::on_down(const caf::down_msg& msg) {
  auto node = whose_.extract(msg.source);
  if (node.empty()) return;
  auto& name = node.mapped();
  auto i = entries_.find(name);
  if (i == entries_.end()) return;
  auto& x = i->second;
  auto is = [&msg](const caf::actor& y) { return y && y.address() == msg.source; };
  if (!is(x.ns) && !is(x.orchestrator)) return;
  if (is(x.ns)) {
    // Without its namespace an orchestrator has nothing to do; the next namespace gets one of its own.
    x.ns = nullptr;
    if (x.orchestrator) {
      demonitor(x.orchestrator);
      whose_.erase(x.orchestrator.address());
      send_exit(x.orchestrator, caf::exit_reason::user_shutdown);
    }
  }
  x.orchestrator = nullptr;
  if (stopping_) return quit_if_alone();
  if (x.now == phase::moving) return on_end_of_moving(name, x);
  if (x.now == phase::retiring) return on_end_of_retiring(name, x);
  if (x.now == phase::claiming) return send(settings_.claims, claim_namespace{name});
  on_crash(name, x);
}

void host::on_crash(const std::string& name, entry& x) {
  auto delay = x.ledger.on_crash(clock().now());
  x.failed = !delay;
  if (x.failed)
    refuse_all(x,
               {code::unavailable, "unavailable", "namespace " + name + " keeps crashing", 10'000, {}, 0, 0});
  delayed_send(this, delay.value_or(intensity.window), restart_atom_v, name);
}

void host::restart(const std::string& name) {
  auto i = entries_.find(name);
  if (i == entries_.end() || stopping_ || i->second.now != phase::open) return;
  auto& x = i->second;
  x.failed = false;
  if (!x.ns && settings_.claims) { // it may have ended because it is another node's by now
    x.now = phase::claiming;
    return send(settings_.claims, claim_namespace{name});
  }
  if (!x.ns)
    start(name, x);
  else if (!x.orchestrator)
    start_orchestrator(name, x);
  let_in(x);
}

void host::refuse(const attach_relay& what, refusal no) {
  attached out;
  out.no = std::move(no);
  send(what.relay, std::move(out));
}

void host::refuse_all(entry& x, const refusal& no) {
  for (auto& relay : std::exchange(x.waiting, {})) refuse(relay, no);
}

std::string host::make_epoch() {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (int i = 0; i < 8; ++i) out += digits[static_cast<std::size_t>(random_.next() * 16)];
  return out;
}

} // namespace weir
