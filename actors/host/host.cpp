#include "actors/host/host.hpp"

#include "actors/core/namespace_label.hpp"
#include "actors/core/type_ids.hpp"
#include "actors/namespace/namespace_actor.hpp"
#include "actors/runs/orchestrator.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace weir {

namespace {

/// Where a node keeps the names of its namespaces. No namespace can have this name itself.
constexpr const char* node_keys = "_node";
constexpr std::uint64_t names_at_once = 256;
constexpr auto admin_timeout = std::chrono::seconds{5};

/// A namespace that crashes more often than this stays down until the window has passed.
constexpr restart_intensity intensity{10, std::chrono::milliseconds{60'000}};

} // namespace

host::host(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), random_(settings_.seed) {}

caf::behavior host::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  set_exit_handler([this](const caf::exit_msg& msg) { stop(msg.reason); });
  if (settings_.store.actor) reopen({});
  return {
      [this](const attach_relay& what) { admit(what); },
      [this](restart_atom, const std::string& name) { restart(name); },
      [this](const admin_query& what) { return on_admin(what); },
      [this](const server_event& what) {
        for (auto& [name, x] : entries_)
          if (x.ns) send(x.ns, what);
      },
      [this](store_answer& what) { on_known(what); },
      [](const store_committed&) {}, // of a name: asked for again the next time
  };
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
  settings_.store = {};
}

// -- what was there before

void host::reopen(const std::string& after) {
  auto no = settings_.store.box->offer(
      this, settings_.store.actor, store_read{0, scan_keys{node_keys, "namespace/", after, names_at_once}});
  if (no.refused())
    run_delayed(std::chrono::milliseconds{no.retry_after_ms}, [this, after] { reopen(after); });
}

void host::on_known(store_answer& what) {
  if (stopping_) return;
  auto* keys = std::get_if<std::vector<key_entry>>(&what.what);
  if (keys == nullptr) return; // each is opened when somebody comes
  refusal no;
  for (auto& x : *keys) open(x.key.substr(10), no);
  if (keys->size() == names_at_once) reopen(keys->back().key);
}

void host::remember(const std::string& name) {
  store_batch what{0, durability::process, {{key_put{node_keys, "namespace/" + name, "{}", 0, 0}, {}}}};
  settings_.store.box->offer(this, settings_.store.actor, std::move(what));
}

void host::admit(const attach_relay& what) {
  refusal no;
  if (stopping_) return refuse(what, {code::unavailable, "draining", "the node stops", 1000, {}, 0, 0});
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
  entry made{settings_.plan(name),
             namespace_label(name, entries_.size()),
             nullptr,
             nullptr,
             restart_ledger{intensity, backoff{}, seed},
             false,
             {},
             {}};
  made.models = models_for(name, made);
  auto& x = entries_.emplace(name, std::move(made)).first->second;
  if (settings_.store.actor && x.plan.keep != durability::none) remember(name);
  start(name, x);
  return &x;
}

std::shared_ptr<const model_directory> host::models_for(const std::string& name, const entry& x) {
  if (!settings_.models) return nullptr;
  auto account = std::make_shared<model_account>(system(), name, x.label, x.plan.bounds.model_tokens_per_min);
  return std::make_shared<const model_directory>(pools_for(system(), *settings_.models, account));
}

void host::start(const std::string& name, entry& x) {
  namespace_actor::config cfg;
  cfg.name = name;
  cfg.label = x.label;
  cfg.epoch = make_epoch();
  cfg.bounds = x.plan.bounds;
  cfg.encode = settings_.encode;
  cfg.subscribers.insert(namespace_actor::orchestrator_name);
  for (auto& agent : x.plan.agents) {
    cfg.targets.insert(agent.name);
    if (!agent.is_external()) cfg.subscribers.insert("agent." + agent.name);
  }
  for (auto& [target, plan] : x.plan.workflows) cfg.targets.insert(target);
  cfg.wall_clock_ms = settings_.wall_clock_ms;
  if (x.plan.keep != durability::none) cfg.store = settings_.store;
  cfg.keep = x.plan.keep;
  cfg.refuse_orphans = x.plan.refuse_orphans;
  x.ns = spawn<namespace_actor>(std::move(cfg));
  monitor(x.ns);
  start_orchestrator(name, x);
}

void host::start_orchestrator(const std::string& name, entry& x) {
  orchestrator::config cfg;
  cfg.ns_name = name;
  cfg.label = x.label;
  cfg.ns = x.ns;
  cfg.bounds = x.plan.bounds;
  cfg.agents = x.plan.agents;
  cfg.workflows = x.plan.workflows;
  cfg.registry = settings_.registry;
  cfg.models = x.models;
  cfg.wall_clock_ms = settings_.wall_clock_ms;
  if (x.plan.keep != durability::none) cfg.store = settings_.store;
  cfg.keep = x.plan.keep;
  cfg.may_detach = settings_.may_detach;
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
    if (stopping_) return quit_if_alone();
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
  if (i == entries_.end() || stopping_) return;
  auto& x = i->second;
  x.failed = false;
  if (!x.ns)
    start(name, x);
  else if (!x.orchestrator)
    start_orchestrator(name, x);
  for (auto& relay : std::exchange(x.waiting, {})) send(x.ns, relay);
}

// -- admin

caf::result<admin_answer> host::on_admin(const admin_query& what) {
  if (what.what == admin_query::verb::node)
    return admin_answer{{}, "{\"namespaces\":" + std::to_string(entries_.size()) + "}"};
  if (what.ns.empty()) return report_all();
  auto i = entries_.find(what.ns);
  if (i == entries_.end() || !i->second.ns)
    return admin_answer{
        {code::not_found, "unknown_target", "no namespace " + what.ns + " is open here", 0, {}, 0, 0}, {}};
  auto whom = what.what == admin_query::verb::runs ? i->second.orchestrator : i->second.ns;
  if (!whom)
    return admin_answer{
        {code::unavailable, "unavailable", "the namespace is being restarted", 1000, {}, 0, 0}, {}};
  delegate(whom, what);
  return caf::delegated<admin_answer>{};
}

caf::result<admin_answer> host::report_all() {
  struct collector {
    caf::typed_response_promise<admin_answer> promise;
    std::size_t missing = 0;
    std::string list;

    void take(const std::string& json) {
      if (!json.empty()) list += (list.empty() ? "" : ",") + json;
      if (--missing == 0) promise.deliver(admin_answer{{}, '[' + list + ']'});
    }
  };
  auto all = std::make_shared<collector>();
  all->promise = make_response_promise<admin_answer>();
  all->missing = 1;
  for (auto& [name, x] : entries_) {
    if (!x.ns) continue;
    ++all->missing;
    request(x.ns, admin_timeout, admin_query{})
        .then([all](const admin_answer& got) { all->take(got.json); },
              [all](const caf::error&) { all->take({}); });
  }
  auto promise = all->promise;
  all->take({});
  return promise;
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
