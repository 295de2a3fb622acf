#pragma once

// For a node of one's own, with one's agents linked in: the whole command line. Link `weir::app`.
//
//   int main(int argc, char** argv) {
//     auto agents = weir::agent_registry::with_builtins();
//     agents.add<my_agent>("my_agent");
//     return weir::run_app(argc, argv, std::move(agents));
//   }

#include "weir/registry.hpp"

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
