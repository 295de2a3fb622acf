#pragma once

#include "weir/agent_config.hpp"

#include <string>
#include <vector>

namespace weir {

/// What a namespace runs.
struct namespace_config {
  std::vector<std::string> agents;
};

} // namespace weir
