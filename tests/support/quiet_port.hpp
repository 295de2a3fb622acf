#pragma once

#include <cstdint>

namespace weir::test {

/// A free port that no outgoing connection is given: a client that tries a dead node again and again would
/// sooner or later connect to itself. Not by a test's seed: scenarios of one seed run side by side.
std::uint16_t quiet_port();

} // namespace weir::test
