#pragma once

#include <string>
#include <string_view>

namespace weir {

/// Agents, workflows, models, tools and nodes: 1 to 64 of `[A-Za-z0-9_-]`.
/// @returns what is wrong with the name, or an empty string.
std::string check_plain_name(std::string_view text);

} // namespace weir
