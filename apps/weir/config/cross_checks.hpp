#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"
#include "apps/weir/config/schema.hpp"

namespace weir {

/// What one key cannot tell alone: that what is named exists, that fallbacks end, that needed keys are there.
/// @param all_kinds whether an agent of a kind that is not in `kinds` is a mistake.
void check_across(const node_config& cfg, const agent_registry& kinds, bool all_kinds, schema::problems& out);

} // namespace weir
