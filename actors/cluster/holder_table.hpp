#pragma once

#include "actors/cluster/lease_names.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace weir {

/// What is known of the lives of other nodes from their leases, so that the store is not asked for each
/// namespace of a node that is gone. One entry a node that has held a namespace: as many as the cluster has
/// had names. Plain; times are milliseconds since the Unix epoch.
class holder_table {
public:
  enum class state {
    unknown, ///< Its lease has to be read.
    alive,   ///< It lives, as far as anyone can know.
    gone,    ///< Its lease has lapsed, or the node has begun another life.
  };

  /// @param owner as of `lease_owner`.
  state find(const std::string& owner, std::int64_t now_ms) const {
    auto i = nodes_.find(node_of(owner));
    if (i == nodes_.end() || i->second.until_ms <= now_ms) return state::unknown;
    auto& x = i->second;
    if (x.owner == owner) return x.alive ? state::alive : state::gone;
    return x.alive ? state::gone : state::unknown;
  }

  /// How long what is known of it counts; 0: nothing is known.
  std::int64_t until_ms(const std::string& owner) const {
    auto i = nodes_.find(node_of(owner));
    return i == nodes_.end() ? 0 : i->second.until_ms;
  }

  /// This life has the node's lease until then.
  void set_alive(const std::string& owner, std::int64_t until_ms) {
    nodes_[node_of(owner)] = {owner, until_ms, true};
  }

  /// Nobody has it, and so not this life either: believed until then.
  void set_gone(const std::string& owner, std::int64_t until_ms) {
    nodes_[node_of(owner)] = {owner, until_ms, false};
  }

private:
  struct entry {
    std::string owner;
    std::int64_t until_ms = 0;
    bool alive = false;
  };

  std::map<std::string, entry> nodes_;
};

} // namespace weir
