#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// How the leases of a cluster are named in the store that its nodes share.

/// Held by a node for as long as it lives: prolonged all the time.
inline std::string node_lease(std::string_view node) { return "node/" + std::string{node}; }

/// Held by the node that owns the namespace, without an end of its own: it is given back, or broken by
/// another node once its holder's `node_lease` has lapsed. So one node prolongs one lease, however many
/// namespaces it owns. Its epoch is the fence of the namespace's writes.
inline std::string namespace_lease(std::string_view ns) { return "ns/" + std::string{ns}; }

/// Who holds either: one life of one node. A node's name has no `/` in it.
inline std::string lease_owner(std::string_view node, std::uint64_t incarnation) {
  return std::string{node} + '/' + std::to_string(incarnation);
}

inline std::string node_of(const std::string& owner) { return owner.substr(0, owner.find('/')); }

} // namespace weir
