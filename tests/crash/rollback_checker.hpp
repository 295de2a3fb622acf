#pragma once

#include "tests/crash/checker.hpp"
#include "tests/crash/rollback_history.hpp"

namespace weir::test {

/// The histories against each other:
/// `given_twice`: one position of one epoch was acknowledged, or sent, for two events; `lost`: an event that
/// was acknowledged in the last epoch is not in its log; `missed`: an event that was acknowledged while a
/// session was in that epoch neither came nor is in a gap; `repeated`, `reordered`: within one epoch;
/// `untold`: a session was welcomed to another epoch, or behind what it had seen, without a gap; `came_back`:
/// an epoch that was left was taken up again; `changed`: a new epoch though nothing was lost; `fault`: a
/// client's own.
verdict check_rollback(const rollback_history& run);

} // namespace weir::test
