#include "actors/cluster/directory.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/messages/admin_list.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <memory>

namespace weir {

namespace {

constexpr auto admin_timeout = std::chrono::seconds{8}; // longer than a host waits for its namespaces

refusal no_host() {
  return {
      code::unavailable, "unavailable", "no node of the cluster hosts namespaces now", 1000, "node", 0, 0};
}

} // namespace

directory::directory(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(settings),
    waiting_gauge_(system().metrics().gauge_singleton("weir.cluster", "relays-waiting",
                                                      "Relays that wait for a node that hosts namespaces.")),
    refused_(system().metrics().counter_singleton(
        "weir.cluster", "attach-refusals", "Relays that found no node that hosts namespaces.", "1", true)) {}

caf::behavior directory::make_behavior() {
  log_crashes(*this, "the directory");
  return {
      [this](const attach_relay& what) { admit(what); },
      [this](const host_places& what) { on_places(what); },
      [this](reach_atom, const caf::node_id& node) {
        return std::find(reach_.begin(), reach_.end(), node) != reach_.end();
      },
      [this](tick_atom, std::uint64_t loss) {
        if (loss == losses_) on_patience_over(); // else a host came and went since
      },
      [this](const admin_query& what) { return on_admin(what); },
  };
}

void directory::on_exit() {
  waiting_gauge_->dec(static_cast<std::int64_t>(waiting_.size()));
  waiting_.clear();
  places_.clear();
  membership_ = nullptr;
}

// -- relays

void directory::admit(const attach_relay& what) {
  if (auto* owner = places_.owner_of(what.name)) {
    auto out = what;
    out.reach = reach_;
    return send(owner->host, std::move(out));
  }
  if (!patient_) return refuse(what);
  waiting_gauge_->inc();
  waiting_.push_back(what);
}

void directory::on_places(const host_places& what) {
  membership_ = caf::actor_cast<caf::actor>(current_sender());
  auto had_one = !places_.empty();
  places_.set(what);
  reach_ = what.reach;
  if (had_one && places_.empty()) {
    patient_ = true;
    delayed_send(this, settings_.patience, tick_atom_v, ++losses_);
  }
  if (places_.empty()) return;
  patient_ = false;
  waiting_gauge_->dec(static_cast<std::int64_t>(waiting_.size()));
  for (auto& x : std::exchange(waiting_, {})) admit(x);
}

void directory::on_patience_over() {
  if (!std::exchange(patient_, false)) return;
  waiting_gauge_->dec(static_cast<std::int64_t>(waiting_.size()));
  for (auto& x : std::exchange(waiting_, {})) refuse(x);
}

void directory::refuse(const attach_relay& what) {
  refused_->inc();
  attached out;
  out.no = no_host();
  send(what.relay, std::move(out));
}

// -- admin

caf::result<admin_answer> directory::on_admin(const admin_query& what) {
  if (what.what == admin_query::verb::nodes || what.what == admin_query::verb::drain)
    return ask(membership_, what);
  return what.ns.empty() ? ask_all(what) : ask_hosts(what);
}

caf::result<admin_answer> directory::ask(const caf::actor& whom, const admin_query& what) {
  if (!whom) return admin_answer{no_host(), {}};
  return pass_query(this, whom, admin_timeout, what);
}

/// Where a namespace is placed it need not be yet: whoever has it answers.
caf::result<admin_answer> directory::ask_hosts(const admin_query& what) {
  struct race {
    caf::typed_response_promise<admin_answer> promise;
    std::size_t missing;
    admin_answer best;

    void take(admin_answer got) {
      auto knows = got.no.status != code::not_found;
      if (knows || best.no.status == code::unavailable) best = std::move(got);
      if (!promise.pending()) return;
      if (--missing == 0 || (knows && best.no.status != code::unavailable)) promise.deliver(best);
    }
  };
  if (places_.all().size() < 2) return ask(places_.empty() ? caf::actor{} : places_.all().front().host, what);
  auto all = std::make_shared<race>();
  all->promise = make_response_promise<admin_answer>();
  all->missing = places_.all().size();
  all->best.no = no_host();
  for (auto& x : places_.all())
    request(x.host, admin_timeout, what)
        .then([all](const admin_answer& got) { all->take(got); },
              [all, node = x.node](const caf::error&) {
                admin_answer no{no_host(), {}};
                no.no.message = "node " + node + " does not answer";
                all->take(std::move(no));
              });
  return all->promise;
}

/// What all hosts say, as one list.
caf::result<admin_answer> directory::ask_all(const admin_query& what) {
  auto promise = make_response_promise<admin_answer>();
  auto all = std::make_shared<admin_list>(promise, places_.all().size() + 1);
  for (auto& x : places_.all())
    request(x.host, admin_timeout, what)
        .then([all](const admin_answer& got) { all->take_list(got.no.refused() ? "[]" : got.json); },
              [all](const caf::error&) { all->take({}); });
  all->take({});
  return promise;
}

} // namespace weir
