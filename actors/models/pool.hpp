#pragma once

#include "actors/core/inbox.hpp"
#include "actors/models/config.hpp"

#include <caf/actor.hpp>

#include <map>
#include <string>

namespace weir {

/// How callers reach a pool: offer a `model_request` to `actor` through `box`.
struct pool_handle {
  caf::actor actor;
  inbox_ptr box;
  model_config config;
};

/// The pools of a node by name. Made once at start, shared read-only.
using model_directory = std::map<std::string, pool_handle, std::less<>>;

} // namespace weir
