#pragma once

#include "actors/core/inbox.hpp"
#include "actors/core/io_unit.hpp"
#include "actors/models/backend.hpp"
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

/// Starts the pool of one configured model. End it with an exit message; its workers go with it.
/// @param make called on `unit`'s thread, which the workers and the backend live on.
/// @param unit must outlive the pool.
pool_handle make_pool(caf::actor_system& sys, model_config config, backend_factory make, io_unit& unit);

} // namespace weir
