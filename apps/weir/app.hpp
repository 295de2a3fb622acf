#pragma once

// What an author's own `main` needs: a node and the whole command line, with the author's agents in it.

#include "actors/agents/registry.hpp"

namespace weir {

/// The command line's exit statuses.
enum exit_status : int {
  exit_done = 0,
  exit_refused = 1, ///< The server said no, or cannot be reached.
  exit_usage = 2,   ///< Wrong use, or a wrong configuration; why is on stderr.
};

/// Reads the command line and does what it says. @returns the process's exit status.
int run_app(int argc, char** argv, agent_registry agents);

} // namespace weir
