#pragma once

#include <caf/fwd.hpp>

#include <string>

namespace weir {

/// An exception that leaves one of its handlers ends an actor. From now on that is a line of the log, with
/// who it was and what was thrown, and the reason that those who monitor the actor get; CAF itself prints a
/// bare line on stdout.
/// @param who as the log names it: "namespace demo".
void log_crashes(caf::scheduled_actor& self, std::string who);

} // namespace weir
