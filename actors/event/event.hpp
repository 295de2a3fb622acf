#pragma once

#include "actors/event/receipt_kind.hpp"

#include "weir/event.hpp"

#include <memory>
#include <string>

namespace weir {

/// Bytes ready to be written to any WebSocket client: frame header and payload. Encoded once, shared by all.
using frame_ptr = std::shared_ptr<const std::string>;

/// Turns an event into its frame. Given to the namespace from outside: the wire is not its business.
using event_encoder = frame_ptr (*)(const event&);

template <class Inspector>
bool inspect(Inspector& f, event& x) {
  return f.object(x).fields(f.field("seq", x.seq), f.field("type", x.type), f.field("client_id", x.client_id),
                            f.field("message_id", x.message_id), f.field("prev_event_id", x.prev_event_id),
                            f.field("to", x.to), f.field("ts_ms", x.ts_ms), f.field("data", x.data),
                            f.field("causal_gap", x.causal_gap), f.field("receipt", x.receipt),
                            f.field("hops", x.hops));
}

} // namespace weir
