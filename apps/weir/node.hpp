#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"
#include "apps/weir/reload/reloader.hpp"

#include <memory>

namespace weir {

/// Runs a node until it is told to stop: SIGTERM, SIGINT, SIGQUIT or an admin call lets its clients move for
/// `drain_ms` and then ends it in order, a second of these signals at once. SIGHUP or an admin call makes it
/// load its configuration again. Its last start-up line on stdout is `ready <url>`.
/// @param again loads the configuration, and checks what `weir config` would.
/// @returns the exit status: 0, or 1 when it could not start, which is said on stderr.
int run_node(const node_config& config, std::shared_ptr<const agent_registry> registry, reloader::load again);

} // namespace weir
