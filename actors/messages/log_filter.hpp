#pragma once

#include "actors/event/pattern.hpp"
#include "actors/messages/namespace.hpp"

#include <algorithm>
#include <string>
#include <string_view>

namespace weir {

/// Whether a read of the log asks for an event of this type that is addressed to `to` (empty: everyone).
inline bool wanted(const log_request& what, std::string_view type, std::string_view to) {
  if (!what.client_id.empty() && !to.empty() && to != what.client_id) return false;
  return std::any_of(what.patterns.begin(), what.patterns.end(),
                     [type](const std::string& pattern) { return matches(pattern, type); });
}

} // namespace weir
