#pragma once

#include <caf/type_id.hpp>

// The types of `actors/core` that travel between actors. The block is closed: the ids of `actors/messages`
// begin where it ends, and go over the wire between nodes as plain numbers. A new type of core's gets a block
// of its own behind those (see `first_author_type_id`).

namespace weir {

class permit;
struct refusal;

} // namespace weir

CAF_BEGIN_TYPE_ID_BLOCK(weir_core, caf::first_custom_type_id)

CAF_ADD_ATOM(weir_core, weir, door_atom)
CAF_ADD_ATOM(weir_core, weir, door_open_atom)
CAF_ADD_ATOM(weir_core, weir, door_close_atom)
CAF_ADD_ATOM(weir_core, weir, restart_atom)
CAF_ADD_ATOM(weir_core, weir, tick_atom)
CAF_ADD_ATOM(weir_core, weir, stop_atom)
CAF_ADD_TYPE_ID(weir_core, (weir::permit))
CAF_ADD_TYPE_ID(weir_core, (weir::refusal))

CAF_END_TYPE_ID_BLOCK(weir_core)

static_assert(caf::id_block::weir_core::end == caf::first_custom_type_id + 8, "the block is closed");
