#pragma once

#include "actors/store/redis/redis_store.hpp"
#include "actors/store/store_findings.hpp"

#include <variant>

namespace weir {

/// Looks at a Redis: its settings, and the keys of each namespace against each other. A node may be at work
/// meanwhile: each namespace is looked at in one step. The refusal says why it cannot be looked at.
std::variant<store_findings, refusal> verify_redis_store(const redis_config& cfg);

} // namespace weir
