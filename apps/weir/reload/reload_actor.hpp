#pragma once

#include "apps/weir/reload/reloader.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>

#include <memory>

namespace weir {

/// The actor around a reloader. It has a thread of its own, as parts read files and wait for I/O threads; one
/// reload comes after the other. Answers an `admin_query` of `reload` with the report, or with `bad_config`
/// and all that is wrong; either is logged too.
caf::actor spawn_reloader(caf::actor_system& sys, std::shared_ptr<reloader> what);

} // namespace weir
