#pragma once

#include "actors/agents/registry.hpp"
#include "apps/weir/config/node_config.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir {

/// The keys by which two configurations differ, as paths: `limits.burst`, and `models.small` for one that
/// only one of them has.
std::vector<std::string> changed_keys(const node_config& before, const node_config& after);

/// Whether a key is `prefix`, or below it.
bool is_below(std::string_view path, std::string_view prefix) noexcept;

/// `running`, with the keys that `takes` says yes to as `next` has them. @returns that, or what is wrong with
/// the two together.
std::variant<node_config, std::vector<std::string>>
merge_config(const node_config& running, const node_config& next,
             const std::function<bool(const std::string& path)>& takes, const agent_registry& kinds);

} // namespace weir
