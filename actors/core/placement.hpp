#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

/// Which of the nodes owns the namespace: rendezvous hashing (Thaler and Ravishankar, "Using name-based
/// mappings to increase hit rates", 1998). The same on every node that knows of the same nodes; one that
/// comes takes its share from all others, and one that goes leaves the rest where it was.
/// @returns the index of one of the nodes, or `nodes.size()` when there are none.
std::size_t owner_of(std::string_view ns, const std::vector<std::string>& nodes);

} // namespace weir
