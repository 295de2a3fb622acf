#pragma once

#include "actors/core/placement.hpp"
#include "actors/messages/cluster.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace weir {

/// The nodes that host namespaces, and which of them owns one by `owner_of`. Plain.
class place_table {
public:
  using place = host_places::place;

  void set(const host_places& what) {
    places_ = what.all;
    names_.clear();
    for (auto& x : places_) names_.push_back(x.node);
  }

  void clear() { set({}); }

  /// Null: no node hosts namespaces.
  const place* owner_of(const std::string& ns) const { return at(weir::owner_of(ns, names_)); }

  /// Null: that node hosts none.
  const place* find(const std::string& node) const {
    return at(static_cast<std::size_t>(std::find(names_.begin(), names_.end(), node) - names_.begin()));
  }

  const std::vector<place>& all() const noexcept { return places_; }
  bool empty() const noexcept { return places_.empty(); }

private:
  const place* at(std::size_t i) const { return i < places_.size() ? &places_[i] : nullptr; }

  std::vector<place> places_;
  std::vector<std::string> names_; // of the places, in their order
};

/// Whether a node that asks has a link of its own to this one. CAF would pass messages on by a third node,
/// but then neither of the two would be told when the other is gone.
/// @param reach the nodes to which it has links.
inline bool has_link(const caf::node_id& asking, const std::vector<caf::node_id>& reach,
                     const caf::node_id& self) {
  return asking == self || std::find(reach.begin(), reach.end(), self) != reach.end();
}

} // namespace weir
