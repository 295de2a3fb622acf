#pragma once

#include <cstdint>

namespace weir {

/// Milliseconds since the Unix epoch, for what is stored or shown. Never used to measure a duration.
///
/// For tests only: if the environment variable `WEIR_TEST_CLOCK_OFFSET_FILE` names a file when the process
/// first asks, the clock is off by the number of milliseconds in it, as it was within the last 10 ms.
std::int64_t wall_clock_ms();

} // namespace weir
