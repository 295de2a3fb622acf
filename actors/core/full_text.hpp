#pragma once

#include "actors/core/refusal.hpp"

#include <string>

namespace weir {

/// All that is known of an error, for the log: its message, and behind it what a client must not see.
inline std::string full_text(const refusal& x) {
  return x.detail.empty() ? x.message : x.message + ": " + x.detail;
}

} // namespace weir
