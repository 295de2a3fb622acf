#pragma once

#include "apps/weir/config/node_config.hpp"

namespace weir {

/// Runs a node until it is told to stop. @returns the process's exit status.
int run_node(const node_config& cfg);

} // namespace weir
