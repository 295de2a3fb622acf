#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"

#include <memory>

namespace weir {

/// Runs a node until it is told to stop: SIGTERM, SIGINT or an admin call lets its clients move for
/// `drain_ms` and then ends it in order, a second signal at once. Its last start-up line on stdout is `ready
/// <url>`.
/// @returns the exit status: 0, or 1 when it could not start, which is said on stderr.
int run_node(const node_config& config, std::shared_ptr<const agent_registry> registry);

} // namespace weir
