// Which namespaces are this node's, and how they come and go. A cluster's nodes may see each other
// differently for a while: what they agree on is the lease.

#include "actors/host/host.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

/// How long a namespace may be where it is not placed, until the nodes agree.
constexpr auto misplaced_for = std::chrono::seconds{1};

refusal out_of_reach(const std::string& ns, const std::string& holder) {
  return {code::unavailable,
          "unavailable",
          "namespace " + ns + " is on a node that cannot be reached" + (holder.empty() ? "" : ": " + holder),
          1000,
          {},
          0,
          0};
}

} // namespace

caf::behavior host::placing() {
  return {
      [this](const host_places& what) { on_places(what); },
      [this](const namespace_claim& what) { on_claim(what); },
      [this](const namespace_released& what) {
        auto i = entries_.find(what.ns);
        if (i != entries_.end() && i->second.now == phase::retiring) return finish_retiring(what.ns);
        hand_on(what.ns);
      },
      [this](claims_lapsed) { on_lapsed(); },
      [this](claims_held) {
        if (membership_) send(membership_, fit_atom_v, true);
      },
      [this](const adopt_namespace& what) { adopt(what.name); },
      [this](vacate_atom) { return on_vacate(); },
  };
}

// -- who is where

bool host::is_placed_here(const std::string& name) const {
  auto* x = places_.owner_of(name);
  return x == nullptr || x->node == settings_.node;
}

void host::on_places(const host_places& what) {
  membership_ = caf::actor_cast<caf::actor>(current_sender());
  places_.set(what);
  had_company_ |= places_.all().size() > 1;
  to_move_.clear();
  for (auto& [name, x] : entries_)
    if (is_misplaced(name, x)) to_move_.push_back(name);
  move_next();
  reopen();
  note_vacant();
}

/// Whether it runs here and should go to another node. What is kept nowhere is lost by moving: it stays as
/// long as its node does. Without claims nothing but the placement says where a namespace is.
bool host::is_misplaced(const std::string& name, const entry& x) const {
  auto stays = settings_.claims && x.plan.keep == durability::none && places_.find(settings_.node) != nullptr;
  return x.now == phase::open && !stays && !is_placed_here(name);
}

/// @param to another node.
void host::pass_on(const attach_relay& what, const host_places::place& to) {
  if (what.hops >= max_hops) return send(what.relay, attach_later{});
  auto out = what;
  ++out.hops;
  send(to.host, std::move(out));
}

// -- claims

void host::on_claim(const namespace_claim& what) {
  auto i = entries_.find(what.ns);
  // Moving or retiring: it is given back anyway.
  if (i == entries_.end() || i->second.now == phase::moving || i->second.now == phase::retiring) return;
  auto& x = i->second;
  if (x.now == phase::open || x.ns) return; // asked twice; or it still ends, and asks again then
  if (!what.granted) return claim_later(what, x);
  spdlog::debug("namespace {} is this node's, under epoch {} of its lease", what.ns, what.epoch);
  x.now = phase::open;
  x.failed = false;
  x.epoch = what.epoch;
  x.waits_since.reset();
  start(what.ns, x);
  let_in(x);
  run_delayed(misplaced_for, [this, name = what.ns] { correct_place(name); });
}

/// Nodes that see each other differently may have brought it here.
void host::correct_place(const std::string& name) {
  auto i = entries_.find(name);
  if (i == entries_.end() || !is_misplaced(name, i->second)) return;
  if (std::find(to_move_.begin(), to_move_.end(), name) == to_move_.end()) to_move_.push_back(name);
  move_next();
}

void host::claim_later(const namespace_claim& what, entry& x) {
  opened(what.ns); // by another node, or later
  auto* place = what.holder == settings_.node ? nullptr : places_.find(what.holder);
  if (place != nullptr) {
    for (auto& relay : x.waiting) pass_on(relay, *place);
    entries_.erase(what.ns);
    return note_vacant();
  }
  auto now = clock().now();
  if (!x.waits_since) x.waits_since = now;
  if (now - *x.waits_since > patience) refuse_all(x, out_of_reach(what.ns, what.holder));
  if (x.waiting.empty() && !is_placed_here(what.ns)) {
    entries_.erase(what.ns);
    return note_vacant();
  }
  run_delayed(std::chrono::milliseconds{what.retry_after_ms}, [this, name = what.ns] {
    auto i = entries_.find(name);
    if (i != entries_.end() && i->second.now == phase::claiming)
      send(settings_.claims, claim_namespace{name});
  });
}

/// Others may have taken over, so all of them end here; which are still this node's is asked once the store
/// can be reached. Until then the other nodes look elsewhere.
void host::on_lapsed() {
  if (membership_) send(membership_, fit_atom_v, false);
  for (auto& [name, x] : entries_) {
    if (x.now == phase::claiming) continue;
    if (x.now == phase::open) x.now = phase::claiming;
    if (x.orchestrator) send_exit(x.orchestrator, caf::exit_reason::kill);
    if (x.ns) send_exit(x.ns, caf::exit_reason::kill);
    if (x.now == phase::claiming && !x.ns) send(settings_.claims, claim_namespace{name});
  }
}

/// Another node has given it up for this one.
void host::adopt(const std::string& name) {
  if (stopping_) return;
  adopted_->inc();
  refusal no;
  auto waits = entries_.count(name) > 0;
  auto* x = open(name, no);
  if (x == nullptr) return spdlog::warn("cannot take over namespace {}: {}", name, no.message);
  // Its relays were here first, and it was not free yet.
  if (waits && x->now == phase::claiming) send(settings_.claims, claim_namespace{name});
}

// -- moves

void host::move_next() {
  while (moves_ < max_moves && !to_move_.empty()) {
    auto name = std::move(to_move_.front());
    to_move_.pop_front();
    auto i = entries_.find(name);
    if (i != entries_.end() && may_move(name, i->second)) begin_move(name, i->second);
  }
}

/// First the orchestrator, whose agents and runs are taken up by the next one, then the namespace. In between
/// events go on.
void host::begin_move(const std::string& name, entry& x) {
  spdlog::debug("namespace {} is to move", name);
  ++moves_;
  x.now = phase::moving;
  if (!x.ns) return on_end_of_moving(name, x); // it is between two lives
  send(x.orchestrator ? x.orchestrator : x.ns, move_atom_v);
  run_delayed(move_timeout, [this, name, ns = x.ns->address()] {
    auto i = entries_.find(name);
    if (i == entries_.end() || !i->second.ns || i->second.ns->address() != ns) return;
    spdlog::warn("namespace {} has not ended in time for its move", name);
    send_exit(i->second.ns, caf::exit_reason::kill);
  });
}

/// Its orchestrator, or itself, has ended.
void host::on_end_of_moving(const std::string& name, entry& x) {
  if (x.ns) return send(x.ns, move_atom_v);
  if (!settings_.claims) return hand_on(name);
  send(settings_.claims, release_namespace{name, x.epoch});
}

/// It is nobody's now.
void host::hand_on(const std::string& name) {
  auto node = entries_.extract(name);
  if (node.empty()) return;
  --moves_;
  moved_->inc();
  auto* to = places_.owner_of(name);
  auto reopens = node.mapped().outdated && to == nullptr && vacating_.empty();
  if (!stopping_ && reopens) {
    refusal no;
    for (auto& relay : node.mapped().waiting) admit(relay);
    open(name, no);
  } else if (stopping_ || to == nullptr) {
    for (auto& relay : node.mapped().waiting) send(relay.relay, attach_later{});
  } else if (to->node == settings_.node) { // it is this node's again
    refusal no;
    for (auto& relay : node.mapped().waiting) admit(relay);
    open(name, no);
  } else {
    spdlog::debug("namespace {} goes on at node {}", name, to->node);
    send(to->host, adopt_namespace{name});
    for (auto& relay : node.mapped().waiting) {
      relay.hops = 0;
      pass_on(relay, *to);
    }
  }
  move_next();
  note_vacant();
}

caf::result<void> host::on_vacate() {
  auto out = make_response_promise<void>();
  vacating_.push_back(out);
  note_vacant();
  return out;
}

void host::note_vacant() {
  if (vacating_.empty()) return;
  auto stays = [this](auto& x) { return !places_.empty() || x.second.now == phase::moving; };
  if (std::any_of(entries_.begin(), entries_.end(), stays)) return;
  for (auto& x : std::exchange(vacating_, {})) x.deliver();
}

} // namespace weir
