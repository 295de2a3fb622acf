#pragma once

#include "actors/core/inbox.hpp"
#include "actors/core/io_unit.hpp"
#include "actors/models/backend.hpp"
#include "actors/models/config.hpp"
#include "actors/models/model_account.hpp"
#include "actors/models/model_stages.hpp"

#include <caf/actor.hpp>

#include <map>
#include <memory>
#include <string>

namespace weir {

/// How callers reach a pool: take a place in `box`, then send it and a `model_request` to `actor`, as a
/// request: the answer is empty, or an error when the pool died before it could read it.
struct pool_handle {
  caf::actor actor; ///< The pool's door: it stays the same when the pool is restarted.
  inbox_ptr box;
  model_config config;
  caf::actor supervisor; ///< Of the pool: nobody else holds it, and an actor that nobody holds is gone.
  std::shared_ptr<model_account> account = nullptr; ///< Of the namespace that asks; null: nobody counts.
  std::shared_ptr<model_stages> stages = nullptr;   ///< As above, of this model.
  std::shared_ptr<void> in_use =
      nullptr; ///< Goes with the last copy: whoever started the pool may end it then.
};

/// The pools of a node by name. Made once at start, shared read-only.
using model_directory = std::map<std::string, pool_handle, std::less<>>;

/// Requests that may be on their way to a pool, beside those that its queue holds. Its inbox has room for
/// both, so that the pool can choose who has to give way when its queue is full.
inline constexpr std::uint64_t requests_on_their_way = 1024;

/// Starts the pool of one configured model, under a supervisor: one that crashes answers what it has in hand
/// and is made again, after a back-off; what comes meanwhile waits in the door. End it with an exit message;
/// its workers go with it.
/// @param make called on `unit`'s thread, which the workers and the backend live on.
/// @param unit must outlive the pool.
pool_handle make_pool(caf::actor_system& sys, model_config config, backend_factory make, io_unit& unit);

/// The pools as one namespace sees them: it has its account there, and can have no more requests waiting and
/// on their way to a pool than the queue holds, so that it cannot keep the others from being heard. Made once
/// for a namespace, shared read-only by all of its actors.
model_directory pools_for(caf::actor_system& sys, const model_directory& pools,
                          const std::shared_ptr<model_account>& account);

} // namespace weir
