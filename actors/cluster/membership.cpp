#include "actors/cluster/membership.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/core/json_print.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

constexpr auto tick = std::chrono::milliseconds{100};

caf::telemetry::int_counter* counter(caf::actor_system& sys, caf::string_view name, caf::string_view help) {
  return sys.metrics().counter_singleton("weir.cluster", name, help, "1", true);
}

} // namespace

membership::membership(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), table_(settings_.self),
    dials_(settings_.self.address, settings_.retry, settings_.seed),
    size_(system().metrics().gauge_singleton("weir.cluster", "members", "Nodes, this one among them.")),
    joins_(counter(system(), "joins", "Nodes that have joined.")),
    losses_(counter(system(), "losses", "Nodes that have gone, or cannot be reached.")),
    failures_(counter(system(), "dial-failures", "Addresses that were dialled in vain.")),
    refusals_(system().metrics().counter_family("weir.cluster", "refusals", {"reason"},
                                                "Nodes that cannot be members.", "1", true)) {
  size_->value(1);
}

caf::behavior membership::make_behavior() {
  log_crashes(*this, "the membership");
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  if (settings_.listen)
    settings_.open(
        this, *settings_.listen,
        [this](std::uint16_t port) {
          port_ = port;
          begin(to_string({settings_.listen->host, port}));
        },
        [this](const std::string& why) {
          give_up("cluster.listen: cannot listen at " + to_string(*settings_.listen) + ": " + why);
        });
  else
    begin(settings_.self.address);
  return {
      [this](const member_hello& who) { return on_hello(who); },
      [this](const member_addresses& what) {
        for (auto& x : what.addresses) dials_.learn(x, clock().now());
        work();
      },
      [this](const member_leaving& what) { on_leaving(what); },
      [this](const member_hosting& what) { on_hosting(what); },
      [this](vacate_atom) { return give_up_hosting(); },
      [this](fit_atom, bool fit) { set_fit(fit); },
      [this](pools_atom) { return pool_places{settings_.pools}; },
      [this](const pool_places& what) { on_pools(what); },
      [this](retire_atom) { retire_pools(); },
      [this](tick_atom) {
        ticking_ = false;
        work();
      },
      [this](const admin_query& what) { return on_admin(what); },
  };
}

void membership::on_exit() {
  if (port_ > 0) middleman_close(this, port_);
  table_.clear();
  settings_.self.host = nullptr;
  settings_.host = nullptr;
  settings_.directory = nullptr;
  settings_.pools.clear();
  settings_.remote_pools.clear();
  pools_.clear();
}

// -- dialling

void membership::begin(const std::string& address) {
  begun_ = true;
  settings_.self.address = address;
  table_.set_address(address);
  dials_ = dial_book{address, settings_.retry, settings_.seed};
  for (auto& x : settings_.seeds) dials_.add_seed(x, clock().now());
  run_delayed(place_patience, [this] { begin_to_place(); });
  work();
}

/// Dials what is due, and sees to it that this is looked at again.
void membership::work() {
  if (!begun_) return;
  for (auto& x : dials_.take_due(clock().now())) dial(x);
  if (!settled_ && dials_.is_settled()) {
    settled_ = true;
    begin_to_place();
    settings_.on_settled(table_.self().address);
  }
  if (!dials_.next_due() || std::exchange(ticking_, true)) return;
  delayed_send(this, tick, tick_atom_v);
}

void membership::dial(const std::string& address) {
  if (table_.has_address(address)) return dials_.connected(address, clock().now());
  auto where = parse_node_address(address);
  if (!where) return dial_failed_at(address, "not an address");
  settings_.dial(
      this, *where, settings_.timeout, [this, address](const caf::actor& peer) { greet(address, peer); },
      [this, address](const std::string& why) { dial_failed_at(address, why); });
}

void membership::greet(const std::string& address, const caf::actor& peer) {
  if (peer == this) return dials_.connected(address, clock().now()); // one of the seeds is this node
  request(peer, settings_.timeout, introduction())
      .then([this, address](const member_welcome& what) { on_welcome(address, what); },
            [this, address](const caf::error& why) { dial_failed_at(address, to_string(why)); });
}

void membership::on_welcome(const std::string& address, const member_welcome& what) {
  auto outcome = what.no.refused() ? member_table::outcome{what.no, {}, {}} : table_.admit(what.who);
  if (outcome.no.refused()) return on_refusal(address, outcome.no);
  name_taken_since_.reset();
  said_.erase(address);
  dialled_[what.who.name] = address;
  dials_.connected(address, clock().now());
  for (auto& x : what.who.peers) dials_.learn(x, clock().now());
  take_in(what.who, outcome);
  work();
}

/// A name may still be that of this node's own past, whose end has not been noticed yet.
void membership::on_refusal(const std::string& address, const refusal& no) {
  refusals_->get_or_add({{"reason", no.reason}})->inc();
  if (no.reason != "name_taken") return dial_failed_at(address, no.message);
  auto now = clock().now();
  if (!name_taken_since_) name_taken_since_ = now;
  if (now - *name_taken_since_ < settings_.timeout) {
    dials_.busy(address, now);
    return work();
  }
  give_up(no.message);
}

void membership::give_up(const std::string& why) {
  spdlog::critical("this node cannot be a member of the cluster: {}", why);
  settings_.on_refused(why);
}

/// The same is not said again at each try.
void membership::warn_once(const std::string& address, const std::string& what) {
  if (said_.size() >= max_said) said_.clear();
  if (std::exchange(said_[address], what) != what) spdlog::warn("cluster: {}", what);
}

void membership::dial_failed_at(const std::string& address, const std::string& why) {
  failures_->inc();
  dials_.failed(address, clock().now());
  warn_once(address, "no member at " + address + ": " + why);
  work();
}

// -- members

member_hello membership::introduction() const {
  auto out = table_.self();
  out.membership = caf::actor_cast<caf::actor>(address());
  out.peers = table_.addresses();
  return out;
}

member_welcome membership::on_hello(const member_hello& who) {
  auto outcome =
      begun_
          ? table_.admit(who)
          : member_table::outcome{{code::unavailable, "starting", "the node starts", 100, {}, 0, 0}, {}, {}};
  member_welcome out{outcome.no, introduction()};
  if (outcome.no.refused()) {
    refusals_->get_or_add({{"reason", outcome.no.reason}})->inc();
    warn_once(who.address, "refused the node " + who.name + " at " + who.address + ": " + outcome.no.message);
    return out;
  }
  for (auto& x : who.peers) dials_.learn(x, clock().now());
  dials_.connected(who.address, clock().now());
  take_in(who, outcome);
  work();
  return out;
}

void membership::take_in(const member_hello& who, const member_table::outcome& what) {
  if (what.what == member_table::change::none) return;
  if (what.before) {
    demonitor(what.before->membership);
    losses_->inc();
    announce("sys.node.left", *what.before);
    forget_pools(who.name);
  }
  monitor(who.membership);
  dials_.connected(who.address, clock().now());
  joins_->inc();
  size_->value(static_cast<std::int64_t>(table_.all().size() + 1));
  spdlog::info("cluster: node {} at {} has joined", who.name, who.address);
  announce("sys.node.joined", who);
  tell_places();
  tell_addresses();
  ask_for_pools(who.name, who.incarnation);
}

void membership::on_down(const caf::down_msg& msg) {
  if (auto gone = table_.leave(msg.source)) lose(*gone);
}

void membership::lose(const member_hello& who) {
  losses_->inc();
  size_->value(static_cast<std::int64_t>(table_.all().size() + 1));
  spdlog::warn("cluster: node {} at {} has left", who.name, who.address);
  auto now = clock().now();
  dials_.lost(who.address, now);
  if (auto i = dialled_.find(who.name); i != dialled_.end()) {
    dials_.lost(i->second, now);
    dialled_.erase(i);
  }
  announce("sys.node.left", who);
  tell_places();
  forget_pools(who.name);
  work();
}

/// Only where it matters: no node hears what it has said.
void membership::tell_addresses() {
  for (auto& [name, x] : table_.all()) send(x.membership, member_addresses{table_.addresses()});
}

/// A node that has not met the others yet would take all namespaces for its own.
void membership::begin_to_place() {
  if (std::exchange(places_, true)) return;
  tell_places();
}

void membership::tell_places() {
  if (!places_) return;
  host_places out;
  if (table_.self().host) out.all.push_back({table_.self().name, table_.self().host});
  for (auto& [name, x] : table_.all())
    if (x.host) out.all.push_back({name, x.host});
  for (auto& [name, x] : table_.all()) out.reach.push_back(x.membership.node());
  if (settings_.host) send(settings_.host, out);
  if (settings_.directory) send(settings_.directory, std::move(out));
}

bool membership::give_up_hosting() {
  if (!table_.has_other_hosts()) return false;
  leaving_ = true;
  set_fit(false);
  return true;
}

/// A host that does not reach the store sends away whoever asks, so nobody should. What it had is taken over
/// by others, or waits for it where there are none.
void membership::set_fit(bool fit) {
  auto hosts = fit && !leaving_;
  if (!settings_.host || !table_.set_hosting(hosts ? settings_.host : nullptr)) return;
  for (auto& [name, x] : table_.all())
    if (hosts)
      send(x.membership, member_hosting{table_.self().name, settings_.host});
    else
      send(x.membership, member_leaving{table_.self().name});
  tell_places();
}

void membership::on_hosting(const member_hosting& what) {
  if (!table_.set_hosting(what.name, what.host)) return;
  spdlog::info("cluster: node {} hosts namespaces again", what.name);
  tell_places();
}

void membership::on_leaving(const member_leaving& what) {
  if (!table_.set_hosting(what.name, nullptr)) return;
  spdlog::info("cluster: node {} gives up its namespaces", what.name);
  tell_places();
}

void membership::announce(const char* type, const member_hello& who) {
  if (!settings_.self.host) return;
  nlohmann::json data = {{"node", who.name}, {"roles", who.roles}, {"version", who.version}};
  send(settings_.self.host, server_event{type, print_json(data), true});
}

} // namespace weir
