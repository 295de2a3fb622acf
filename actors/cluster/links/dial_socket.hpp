#pragma once

#include "actors/cluster/links/node_address.hpp"

#include <chrono>
#include <string>
#include <variant>

namespace weir {

/// Connects over TCP, and blocks meanwhile: for `at_most`, beside what it takes to find a name's addresses,
/// which are tried one after the other.
/// @returns a socket that does not block, the caller's to close; or why there is none.
std::variant<int, std::string> dial_socket(const node_address& where, std::chrono::milliseconds at_most);

} // namespace weir
