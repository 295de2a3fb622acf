#pragma once

#include "actors/store/store.hpp"

#include <string>

namespace weir {

/// By what nodes know that they keep their events in one store: a name that the store was given by the first
/// node that came. Of a store that is no other node's: the same for all. Throws std::runtime_error when the
/// store does not answer.
std::string mark_of(store& what, bool shared);

} // namespace weir
