#include "actors/cluster/claim_keeper.hpp"

#include "actors/cluster/lease_names.hpp"
#include "actors/core/crash_log.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

/// A namespace's lease has no end of its own: a hundred years.
constexpr std::int64_t for_ever_ms = 100LL * 365 * 24 * 3600 * 1000;

constexpr auto store_retry = std::chrono::milliseconds{250};
constexpr auto stop_timeout = std::chrono::seconds{1};

} // namespace

claim_keeper::claim_keeper(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)),
    owner_(lease_owner(settings_.node, settings_.incarnation)),
    link_(this, settings_.store, durability::process), ages_(settings_.ttl),
    held_(system().metrics().gauge_singleton("weir.cluster", "node-lease",
                                             "1 while this node may own namespaces, else 0.")),
    broken_(system().metrics().counter_singleton("weir.cluster", "leases-broken",
                                                 "Namespaces that were taken over from nodes that are gone.",
                                                 "1", true)),
    lapses_(system().metrics().counter_singleton("weir.cluster", "lease-lapses",
                                                 "Times that this node was too slow to prolong its lease.",
                                                 "1", true)) {
  settings_.store = {}; // the link has it
}

caf::behavior claim_keeper::make_behavior() {
  log_crashes(*this, "the keeper of leases");
  set_exit_handler([this](const caf::exit_msg& msg) { stop(msg.reason); });
  settings_.waits->wait_for(readiness::need::lease);
  hold_node_lease();
  return {
      [this](const claim_namespace& what) {
        host_ = caf::actor_cast<caf::actor>(current_sender());
        epoch_ > 0 ? claim(what.ns) : early_.push_back(what.ns);
      },
      [this](const release_namespace& what) {
        host_ = caf::actor_cast<caf::actor>(current_sender());
        release(what.ns, what.epoch);
      },
      [this](const store_committed& what) { link_.on_committed(what); },
      [this](store_answer& what) { link_.on_answered(what); },
  };
}

void claim_keeper::on_exit() {
  held_->value(0);
  host_ = nullptr;
  link_.close();
}

/// Whoever waits for this node's namespaces need not wait for its lease to lapse.
void claim_keeper::stop(const caf::error& reason) {
  if (epoch_ == 0) return quit(reason);
  run_delayed(stop_timeout, [this, reason] { quit(reason); });
  auto done = [this, reason](const auto&) { quit(reason); };
  ask_store(release_lease_of{node_lease(settings_.node), owner_, epoch_}, done, done);
}

template <class Then, class Failed>
void claim_keeper::ask_store(store_link::request what, Then then, Failed failed) {
  auto no = link_.read(std::move(what), [then, failed](store_answer& got) {
    if (auto* x = std::get_if<lease_grant>(&got.what))
      then(*x);
    else
      failed(std::get<refusal>(got.what));
  });
  if (no.refused()) failed(no);
}

// -- the node's own lease

void claim_keeper::hold_node_lease() {
  auto asked_at = clock().now();
  ask_store(
      acquire_lease_of{node_lease(settings_.node), owner_, settings_.ttl.count()},
      [this, asked_at](const lease_grant& got) { on_node_lease(got, asked_at); },
      [this](const refusal& no) { on_no_lease(no); });
}

void claim_keeper::again_in(std::chrono::milliseconds delay) {
  run_delayed(delay, [this] { hold_node_lease(); });
}

/// The store does not answer.
void claim_keeper::on_no_lease(const refusal& no) {
  if (epoch_ == 0)
    for (auto& ns : std::exchange(early_, {})) refuse(ns, {}, no, store_retry.count());
  again_in(std::min<std::chrono::milliseconds>(store_retry, settings_.ttl / 8));
}

void claim_keeper::on_node_lease(const lease_grant& got, tenure::time_point asked_at) {
  if (!got.granted) { // this node's last life, which nobody has seen the end of, or another of its name
    auto left = ages_.left(settings_.node, got, clock().now(), settings_.wall_clock_ms());
    if (!std::exchange(waiting_told_, true))
      spdlog::warn("cluster: the lease of node {} is held by another process of that name for {} ms more",
                   settings_.node, left.count());
    if (epoch_ > 0) lapse();
    if (left.count() == 0) return take_over(got);
    return again_in(std::max(left, std::chrono::milliseconds{10}));
  }
  auto too_late = settings_.tenure->is_over(clock().now());
  if (epoch_ > 0 && (epoch_ != got.epoch || too_late)) lapse();
  auto begins = std::exchange(epoch_, got.epoch) == 0;
  settings_.tenure->extend_to(asked_at + settings_.ttl);
  again_in(settings_.ttl / 3);
  if (!begins) return;
  held_->value(1);
  settings_.waits->got(readiness::need::lease);
  waiting_told_ = false;
  if (std::exchange(had_lease_, true)) spdlog::info("cluster: node {} has its lease again", settings_.node);
  if (host_) send(host_, claims_held{});
  watch_tenure();
  for (auto& ns : std::exchange(early_, {})) claim(ns);
}

/// Nobody has prolonged this lease for as long as it lasts.
void claim_keeper::take_over(const lease_grant& of) {
  ask_store(
      release_lease_of{node_lease(settings_.node), of.owner, of.epoch},
      [this](const lease_grant&) { hold_node_lease(); }, [this](const refusal& no) { on_no_lease(no); });
}

std::int64_t claim_keeper::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now().time_since_epoch()).count();
}

/// Ends what nobody may count on any more, without being asked.
void claim_keeper::watch_tenure() {
  if (epoch_ == 0) return;
  if (settings_.tenure->is_over(clock().now())) return lapse();
  run_delayed(settings_.ttl / 20, [this, epoch = epoch_] {
    if (epoch == epoch_) watch_tenure();
  });
}

void claim_keeper::lapse() {
  epoch_ = 0;
  held_->value(0);
  settings_.waits->wait_for(readiness::need::lease);
  lapses_->inc();
  spdlog::warn("cluster: the lease of node {} was not prolonged in time; its namespaces end here",
               settings_.node);
  if (host_) send(host_, claims_lapsed{});
}

// -- namespaces

void claim_keeper::claim(const std::string& ns) {
  ask_store(
      acquire_lease_of{namespace_lease(ns), owner_, for_ever_ms},
      [this, ns](const lease_grant& got) { on_claimed(ns, got); },
      [this, ns](const refusal& no) { refuse(ns, {}, no, store_retry.count()); });
}

void claim_keeper::on_claimed(const std::string& ns, const lease_grant& got) {
  if (!got.granted) return judge(ns, got);
  namespace_claim out;
  out.ns = ns;
  out.granted = true;
  out.epoch = got.epoch;
  send(host_, std::move(out));
}

/// It is held by another node: whether that one still lives decides.
void claim_keeper::judge(const std::string& ns, const lease_grant& got) {
  auto node = node_of(got.owner);
  auto state = node == settings_.node ? holder_table::state::gone // names are unique: it is its last life
                                      : holders_.find(got.owner, now_ms());
  if (state == holder_table::state::gone) return break_lease(ns, got);
  if (state == holder_table::state::alive)
    return refuse(ns, node, {}, holders_.until_ms(got.owner) - now_ms());
  auto asked = looks_.count(node) > 0;
  looks_[node][ns] = got;
  if (!asked) look_at(node);
}

void claim_keeper::look_at(const std::string& node) {
  ask_store(
      read_lease{node_lease(node)},
      [this, node](const lease_grant& got) {
        auto waiting = looks_.extract(node);
        auto left = got.owner.empty() ? std::chrono::milliseconds{0}
                                      : ages_.left(node, got, clock().now(), settings_.wall_clock_ms());
        if (left.count() > 0) holders_.set_alive(got.owner, now_ms() + left.count());
        for (auto& [ns, lease] : waiting.mapped()) {
          if (got.owner != lease.owner || left.count() == 0)
            holders_.set_gone(lease.owner, now_ms() + settings_.ttl.count() / 4);
          judge(ns, lease);
        }
      },
      [this, node](const refusal& no) {
        auto waiting = looks_.extract(node);
        for (auto& [ns, lease] : waiting.mapped()) refuse(ns, node, no, store_retry.count());
      });
}

void claim_keeper::break_lease(const std::string& ns, const lease_grant& of) {
  broken_->inc();
  ask_store(
      release_lease_of{namespace_lease(ns), of.owner, of.epoch},
      [this, ns](const lease_grant&) { claim(ns); },
      [this, ns](const refusal& no) { refuse(ns, {}, no, store_retry.count()); });
}

void claim_keeper::refuse(const std::string& ns, const std::string& holder, refusal no,
                          std::int64_t retry_after_ms) {
  namespace_claim out;
  out.ns = ns;
  out.holder = holder;
  out.no = std::move(no);
  out.retry_after_ms = std::max<std::int64_t>(retry_after_ms, 10);
  send(host_, std::move(out));
}

/// Until it is done: else the namespace would be nobody's.
void claim_keeper::release(const std::string& ns, std::uint64_t epoch) {
  ask_store(
      release_lease_of{namespace_lease(ns), owner_, epoch},
      [this, ns](const lease_grant&) { send(host_, namespace_released{ns}); },
      [this, ns, epoch](const refusal&) {
        run_delayed(store_retry, [this, ns, epoch] { release(ns, epoch); });
      });
}

} // namespace weir
