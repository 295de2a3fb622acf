#pragma once

#include "actors/core/hash.hpp"
#include "actors/event/event.hpp"

namespace weir {

/// Tells a repeat of an event from another one under the same id, by the bytes of its data. The same in every
/// version: it is kept on disk.
inline std::uint64_t content_hash(const event& x) noexcept {
  return fnv1a{}.add(x.type).add(x.prev_event_id).add(x.to).add(x.data).value();
}

} // namespace weir
