#pragma once

#include "actors/cluster/lease_names.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace weir {

/// What is known of the lives of other nodes from their leases, so that the store is not asked for each
/// namespace of a node that is gone. Of one node the life that has its lease, and the last that was found
/// gone: as many as the cluster has had names. Plain; times
/// are monotonic, in milliseconds.
class holder_table {
public:
  enum class state {
    unknown, ///< The node's lease has to be read: a life that is not known may be the next one.
    alive,   ///< It lives, as far as anyone can know.
    gone,    ///< It had the node's lease, and has it no more.
  };

  /// @param owner as of `lease_owner`.
  state find(const std::string& owner, std::int64_t now_ms) const {
    auto i = nodes_.find(node_of(owner));
    if (i == nodes_.end()) return state::unknown;
    if (i->second.alive.counts_for(owner, now_ms)) return state::alive;
    return i->second.gone.counts_for(owner, now_ms) ? state::gone : state::unknown;
  }

  /// How long the lease of the node's life that is known counts; 0: none is known.
  std::int64_t until_ms(const std::string& owner) const {
    auto i = nodes_.find(node_of(owner));
    return i == nodes_.end() ? 0 : i->second.alive.until_ms;
  }

  /// This life has the node's lease until then.
  void set_alive(const std::string& owner, std::int64_t until_ms) {
    nodes_[node_of(owner)].alive = {owner, until_ms};
  }

  /// Another life or nobody has the node's lease, though this one had it: believed until then.
  void set_gone(const std::string& owner, std::int64_t until_ms) {
    auto& x = nodes_[node_of(owner)];
    x.gone = {owner, until_ms};
    if (x.alive.owner == owner) x.alive = {};
  }

private:
  struct life {
    std::string owner;
    std::int64_t until_ms = 0;

    bool counts_for(const std::string& x, std::int64_t now_ms) const {
      return owner == x && until_ms > now_ms;
    }
  };

  struct lives {
    life alive;
    life gone;
  };

  std::map<std::string, lives> nodes_; // by name
};

} // namespace weir
