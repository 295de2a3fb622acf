#pragma once

#include "apps/weir/config/node_config.hpp"
#include "net/session_secret.hpp"

#include <string>
#include <vector>

namespace weir {

/// What keeps a node from starting here with this configuration though nothing is wrong with its text:
/// secrets that are not there or too short, files that cannot be read, certificates that no other node takes,
/// a folder that cannot be written. `weir config` and `weir node` ask the same. Makes and changes nothing.
/// @returns a line each, `path: what`; never a secret.
std::vector<std::string> check_start(const node_config& cfg);

/// Where the session secrets of this configuration are.
session_secret_sources session_secrets_of(const node_config& cfg);

} // namespace weir
