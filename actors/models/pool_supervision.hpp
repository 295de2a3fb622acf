#pragma once

#include "actors/models/pool.hpp"

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include <functional>

namespace weir {

/// A pool behind its inbox, its door and its supervisor, as `make_pool` says.
/// @param start makes the pool's actor, the first one and each that follows one that has crashed.
pool_handle supervise_pool(caf::actor_system& sys, model_config config,
                           std::function<caf::actor(caf::actor_system&)> start);

} // namespace weir
