#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"
#include "apps/weir/config/schema.hpp"

namespace weir {

/// What one key cannot tell alone: that what is named exists, that fallbacks end, that needed keys are there.
void check_across(const node_config& cfg, const agent_registry& kinds, schema::problems& out);

} // namespace weir
