#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// The admin token that the node made which listens at this port of this machine: it holds its file open, so
/// the token is found wherever `node.data_dir` is, by whoever may look into its process, which is its own
/// user, and root. Empty: it is not found.
std::string find_admin_token(std::uint16_t port);

} // namespace weir
