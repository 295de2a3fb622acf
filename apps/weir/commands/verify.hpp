#pragma once

#include "apps/weir/commands/node.hpp"

#include <string>

namespace weir {

/// `weir verify`: looks at a store from outside and prints what is wrong, one line each.
/// @param where a store's file, its folder or a Redis URL; empty: what the configuration names.
/// @returns 0 when nothing is wrong, 1 when something is or the store cannot be looked at.
int verify_command(const config_options& options, const std::string& where);

} // namespace weir
