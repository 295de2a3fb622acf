#pragma once

#include <cstddef>
#include <string>

namespace weir {

/// Namespaces whose metrics bear their name. Those that come later share the label `other`, since every label
/// costs memory here and at whoever collects it.
inline constexpr std::size_t max_namespace_labels = 1000;

/// The label of the namespace that is the `nth` one of the node, from 0. One that is named `other` shares it.
inline std::string namespace_label(const std::string& ns, std::size_t nth) {
  return nth < max_namespace_labels ? ns : "other";
}

} // namespace weir
