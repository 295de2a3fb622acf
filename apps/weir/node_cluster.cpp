#include "apps/weir/node_cluster.hpp"

#include "actors/cluster/directory.hpp"
#include "actors/cluster/links/tls_links.hpp"
#include "actors/cluster/membership.hpp"
#include "actors/core/wall_clock.hpp"
#include "net/net_metrics.hpp"

#include <caf/exit_reason.hpp>
#include <caf/io/middleman.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include <condition_variable>
#include <mutex>
#include <random>
#include <stdexcept>

namespace weir {

namespace {

constexpr auto answer_timeout = std::chrono::seconds{2};

std::unique_ptr<tcp_links> make_links(caf::actor_system& sys, const node_config& node) {
  if (!node.is_clustered()) return nullptr;
  std::chrono::milliseconds patience{node.cluster.timeout_ms / 2};
  if (!node.cluster.tls.is_set()) return std::make_unique<tcp_links>(sys, patience);
  auto loaded = load_tls_credentials(node.cluster.tls);
  if (auto* wrong = std::get_if<std::string>(&loaded)) throw std::runtime_error("cluster.tls." + *wrong);
  return std::make_unique<tls_links>(sys, std::get<tls_credentials>(std::move(loaded)), patience);
}

} // namespace

void prepare_cluster(caf::actor_system_config& to, const node_config& config) {
  to.load<caf::io::middleman>();
  to.set("caf.middleman.heartbeat-interval",
         caf::timespan{std::chrono::milliseconds{config.cluster.heartbeat_ms}});
  to.set("caf.middleman.connection-timeout",
         caf::timespan{std::chrono::milliseconds{config.cluster.timeout_ms}});
}

/// What the membership tells, from threads of its own.
struct node_cluster::state {
  mutable std::mutex lock;
  std::condition_variable changed;
  bool settled = false;
  std::string address;
  std::string why;
};

node_cluster::node_cluster(caf::actor_system& sys, const node_config& node, config settings)
  : system_(sys), state_(std::make_shared<state>()), links_(make_links(sys, node)),
    directory_(sys.spawn<weir::directory>(weir::directory::config{})) {
  std::random_device random;
  membership::config out;
  if (links_) {
    out.dial = links_->dial();
    out.open = links_->listen();
  }
  out.self.version = settings.version;
  out.self.name = node.node.name;
  out.self.roles = node.node.roles;
  out.self.incarnation = settings.incarnation;
  out.self.store_mark = settings.store_mark;
  out.self.secret_mark = settings.secret_mark;
  out.self.since_ms = wall_clock_ms();
  out.self.host = settings.host;
  if (node.is_clustered()) out.listen = parse_node_address(node.cluster_listen());
  out.seeds = node.cluster.seeds;
  out.timeout = std::chrono::milliseconds{node.cluster.timeout_ms};
  out.seed = random();
  out.directory = directory_;
  out.host = settings.host;
  out.pools = std::move(settings.pools);
  out.remote_pools = std::move(settings.remote_pools);
  out.on_drain = settings.on_drain;
  out.connections = [metrics = std::make_shared<net_metrics>(sys)] { return metrics->connections->value(); };
  out.on_settled = [x = state_](const std::string& address) {
    std::lock_guard guard{x->lock};
    x->settled = true;
    x->address = address;
    x->changed.notify_all();
  };
  out.on_refused = [x = state_, tell = settings.on_refused](const std::string& why) {
    {
      std::lock_guard guard{x->lock};
      x->why = why;
      x->changed.notify_all();
    }
    tell();
  };
  membership_ = sys.spawn<membership>(std::move(out));
}

node_cluster::~node_cluster() { leave(); }

std::string node_cluster::wait_for_members(std::chrono::milliseconds at_most) {
  std::unique_lock guard{state_->lock};
  state_->changed.wait_for(guard, at_most, [this] { return state_->settled || !state_->why.empty(); });
  if (!state_->why.empty()) throw std::runtime_error(state_->why);
  return state_->address;
}

std::string node_cluster::why_refused() const {
  std::lock_guard guard{state_->lock};
  return state_->why;
}

bool node_cluster::give_up_hosting() {
  caf::scoped_actor self{system_};
  auto out = false;
  self->request(membership_, answer_timeout, vacate_atom_v)
      .receive([&out](bool others) { out = others; }, [](const caf::error&) {});
  return out;
}

void node_cluster::retire_pools() { caf::anon_send(membership_, retire_atom_v); }

void node_cluster::leave() {
  if (membership_) caf::anon_send_exit(membership_, caf::exit_reason::user_shutdown);
  if (directory_) caf::anon_send_exit(directory_, caf::exit_reason::user_shutdown);
  membership_ = nullptr;
  directory_ = nullptr;
}

} // namespace weir
