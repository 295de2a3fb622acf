#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

/// Milliseconds since the Unix epoch, for the time stamps of events. Never used to measure a duration.
inline std::int64_t wall_clock_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

} // namespace weir
