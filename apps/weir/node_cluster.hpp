#pragma once

#include "actors/messages/cluster.hpp"
#include "apps/weir/config/node_config.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace weir {

class tcp_links;

/// What CAF has to be told before a node that is one of several starts.
void prepare_cluster(caf::actor_system_config& to, const node_config& config);

/// A node's side of the cluster: its directory and its membership. A node that is alone has them too.
class node_cluster {
public:
  struct config {
    caf::actor host;               ///< Null without the role `host`.
    std::uint64_t incarnation = 0; ///< Of this life of the node.
    std::string store_mark;        ///< See `member_hello`.
    std::string version;
    std::string secret_mark;          ///< See `member_hello`.
    std::function<void()> on_refused; ///< Called from any thread when the node cannot be a member, any time.
    std::function<void()> on_drain;   ///< Called from any thread when an operator wants it to drain.
    std::vector<pool_places::place> pools; ///< Of this node, with the role `models`; for the other nodes.
    std::vector<caf::actor> remote_pools;  ///< Of this node, without that role: told of the others' pools.
  };

  /// Throws std::runtime_error where the files of `cluster.tls` are not what they should be.
  node_cluster(caf::actor_system& sys, const node_config& node, config settings);
  ~node_cluster();

  /// What relays and operators ask for namespaces.
  const caf::actor& directory() const noexcept { return directory_; }

  /// Waits until the seeds have been reached or tried, but not longer than `at_most`. Throws
  /// std::runtime_error when the node cannot be a member.
  /// @returns where it listens; empty: not known in time.
  std::string wait_for_members(std::chrono::milliseconds at_most);

  /// Why it cannot be a member; empty: it can.
  std::string why_refused() const;

  /// Gives up the namespaces of this node, so that others take them.
  /// @returns whether another node can.
  bool give_up_hosting();

  /// Lets the other nodes ask this one's model pools for nothing new.
  void retire_pools();

  /// Leaves the cluster.
  void leave();

private:
  struct state;

  caf::actor_system& system_;
  std::shared_ptr<state> state_;
  std::unique_ptr<tcp_links> links_; // null: the node is alone
  caf::actor directory_;
  caf::actor membership_;
};

} // namespace weir
