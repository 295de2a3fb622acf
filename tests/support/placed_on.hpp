#pragma once

#include "actors/core/placement.hpp"

#include <string>
#include <vector>

namespace weir::test {

/// The name of a namespace that is placed on this one of these nodes: the prefix and a number.
inline std::string placed_on(const std::string& node, const std::vector<std::string>& all,
                             const std::string& prefix = "ns") {
  for (int i = 0;; ++i)
    if (auto name = prefix + std::to_string(i); all.at(owner_of(name, all)) == node) return name;
}

} // namespace weir::test
