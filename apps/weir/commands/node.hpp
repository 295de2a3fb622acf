#pragma once

#include "actors/agents/registry.hpp"

#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Where a command's configuration comes from.
struct config_options {
  std::shared_ptr<const agent_registry> agents; ///< Which kinds there are.
  std::string file;                             ///< Empty: the defaults.
  std::vector<std::string> sets;                ///< `path=value`, in order.
  bool insecure = false;                        ///< Only for `node`.
  bool keys = false; ///< Only for `config`: print the documentation's table instead.
};

/// `weir node`.
int node_command(const config_options& options);

/// `weir config`.
int config_command(const config_options& options);

} // namespace weir
