#pragma once

#include "apps/weir/commands/node.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace weir {

struct token_arguments {
  std::string client_id;               ///< `sub`.
  std::vector<std::string> namespaces; ///< `ns`; empty: the default one.
  std::string rights_file;             ///< JSON of the `weir` claim; empty: none.
  std::uint32_t ttl_s = 3600;
};

/// `weir token`: prints a token that is signed with the first shared secret of `auth.keys`.
int token_command(const config_options& options, const token_arguments& asked);

} // namespace weir
