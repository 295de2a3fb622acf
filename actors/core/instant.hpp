#pragma once

#include <cstdint>

namespace weir {

/// One moment by both clocks of a process, in milliseconds.
struct instant {
  std::int64_t now_ms = 0;  ///< Monotonic, of the actor clock: what durations and deadlines are measured by.
  std::int64_t wall_ms = 0; ///< Since the Unix epoch: only stored and shown.
};

} // namespace weir
