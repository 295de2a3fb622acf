// How a namespace ends for good: one that nobody would miss, or one that an operator deletes.
//
// The namespace itself says that it is vacant, and once more, when it is told to retire, that it still is: a
// client may have come in between. When its actors have ended, the host drops what the store has of it and
// gives its lease back; who asked for it meanwhile gets a new one.

#include "actors/cluster/lease_names.hpp"
#include "actors/core/errors.hpp"
#include "actors/core/json_print.hpp"
#include "actors/host/host.hpp"
#include "actors/host/node_keys.hpp"

#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

constexpr auto drop_retry = std::chrono::milliseconds{500};

/// The actors of a namespace that is deleted may have a last write on their way when they end.
constexpr auto drop_delay = std::chrono::milliseconds{200};

} // namespace

bool host::may_open(const std::string& name) const {
  return settings_.open_namespaces || entries_.count(name) > 0 || settings_.plan(name).configured;
}

/// Strangers' names do not use up the labels: those cost memory for good.
std::string host::label_for(const std::string& name, const namespace_plan& plan) {
  auto most = plan.configured ? max_namespace_labels : max_guest_labels;
  if (labels_.count(name) == 0 && labels_.size() >= most) return "other";
  labels_.insert(name);
  return name;
}

void host::on_vacancy(const namespace_vacancy& what) {
  auto i = entries_.find(what.name);
  if (i == entries_.end() || stopping_) return;
  auto& x = i->second;
  idle_.erase(what.name);
  switch (what.what) {
  case namespace_vacancy::kind::in_use:
    if (x.now != phase::retiring || !x.deleting.empty()) return;
    return stay(what.name, x);
  case namespace_vacancy::kind::sessions_only:
    if (x.now == phase::retiring && x.deleting.empty()) stay(what.name, x);
    idle_.insert(what.name);
    return make_room();
  case namespace_vacancy::kind::empty:
    return retire(what.name, x, namespace_vacancy::kind::empty);
  }
}

/// It was told to retire, and somebody was faster.
void host::stay(const std::string& name, entry& x) {
  x.now = phase::open;
  if (x.ns && !x.orchestrator) start_orchestrator(name, x); // it crashed meanwhile
  if (x.ns) let_in(x);
}

void host::retire(const std::string& name, entry& x, namespace_vacancy::kind at_least) {
  if (x.now != phase::open || !x.ns || !x.waiting.empty()) return;
  x.now = phase::retiring;
  idle_.erase(name);
  send(x.ns, retire_namespace{at_least});
}

/// Above its share of the bound it forgets namespaces that only have sessions without a socket.
void host::make_room() {
  auto most = static_cast<std::size_t>(vacant_share * static_cast<double>(settings_.max_namespaces));
  if (entries_.size() < most || idle_.empty()) return;
  auto name = *idle_.begin();
  if (auto i = entries_.find(name); i != entries_.end())
    retire(name, i->second, namespace_vacancy::kind::sessions_only);
  idle_.erase(name);
}

/// One of its actors has ended: the namespace, with whose end the orchestrator is told to go.
void host::on_end_of_retiring(const std::string& name, entry& x) {
  if (x.ns) return;
  if (x.deleting.empty()) return drop(name);
  run_delayed(drop_delay, [this, name] { drop(name); });
}

void host::drop(const std::string& name) {
  auto i = entries_.find(name);
  if (i == entries_.end() || i->second.now != phase::retiring) return;
  if (!settings_.store.actor || i->second.plan.keep == durability::none) return finish_retiring(name);
  auto id = next_write_++;
  store_batch what{id, durability::process, {}};
  fence guard;
  if (settings_.claims) guard = {namespace_lease(name), i->second.epoch};
  what.writes.push_back({namespace_drop{name}, guard});
  what.writes.push_back({key_delete{node_keys, namespace_key(name), {}}, guard});
  if (settings_.store.box->offer(this, settings_.store.actor, std::move(what)).refused())
    run_delayed(drop_retry, [this, name] { drop(name); });
  else
    dropping_[id] = name;
}

void host::on_dropped(const store_committed& what) {
  auto node = dropping_.extract(what.id);
  if (node.empty()) return;
  auto& name = node.mapped();
  auto& no = what.first_refusal();
  if (no.refused() && no.reason != store_reason::fenced) { // fenced: it is another node's by now
    run_delayed(drop_retry, [this, name] { drop(name); });
    return;
  }
  auto i = entries_.find(name);
  if (i == entries_.end()) return;
  if (settings_.claims)
    send(settings_.claims, release_namespace{name, i->second.epoch});
  else
    finish_retiring(name);
}

void host::finish_retiring(const std::string& name) {
  auto node = entries_.extract(name);
  if (node.empty()) return;
  auto& x = node.mapped();
  idle_.erase(name);
  spdlog::debug("namespace.{} namespace={}", x.deleting.empty() ? "forgotten" : "deleted", name);
  nlohmann::json told = {{"name", name}, {"deleted", true}};
  for (auto& promise : x.deleting) promise.deliver(admin_answer{{}, print_json(told)});
  for (auto& relay : x.waiting)
    if (x.deleting.empty())
      admit(relay);
    else
      refuse(relay, deleted(name));
  note_vacant();
}

caf::result<admin_answer> host::on_remove(const std::string& name) {
  auto i = entries_.find(name);
  if (i == entries_.end())
    return admin_answer{errors::unknown_target("no namespace " + name + " is open here"), {}};
  auto& x = i->second;
  if (x.deleting.empty() && (x.now == phase::claiming || x.now == phase::moving))
    return admin_answer{errors::unavailable("namespace " + name + " is on its way to another node", 1000),
                        {}};
  auto promise = make_response_promise<admin_answer>();
  auto first = x.deleting.empty();
  x.deleting.push_back(promise);
  if (!first) return promise;
  spdlog::info("namespace.deleting namespace={}", name);
  x.now = phase::retiring;
  refuse_all(x, deleted(name));
  if (x.orchestrator) send_exit(x.orchestrator, caf::exit_reason::kill);
  if (x.ns)
    send(x.ns, retire_namespace{namespace_vacancy::kind::in_use});
  else
    run_delayed(drop_delay, [this, name] { drop(name); }); // it is between two lives
  return promise;
}

} // namespace weir
