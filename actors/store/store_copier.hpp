#pragma once

#include "actors/store/store_actor.hpp"

namespace weir {

/// Answers each `admin_query` with `{"file":"…"}`, the path of a copy of the store that it has had made; or
/// with why there is none. One at a time: meanwhile `409 conflict`. End it with an exit message.
caf::actor start_store_copier(caf::actor_system& sys, store_handle store);

} // namespace weir
