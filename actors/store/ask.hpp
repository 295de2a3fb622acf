#pragma once

#include "actors/messages/store.hpp"
#include "actors/store/store.hpp"

namespace weir {

/// Does what a `store_read` asks for.
store_answer ask(store& where, const store_read& what, std::int64_t now_ms);

} // namespace weir
