#pragma once

#include "actors/core/errors.hpp"

#include <string>

namespace weir {

/// Where a node keeps the names of its namespaces. No namespace can have this name itself.
inline constexpr const char* node_keys = "_node";

inline std::string namespace_key(const std::string& name) { return "namespace/" + name; }

/// What clients of a namespace are told that an operator has deleted.
inline refusal deleted(const std::string& name) {
  return errors::unknown_target("namespace " + name + " was deleted");
}

} // namespace weir
