#pragma once

#include "actors/event/receipt_kind.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace weir {

/// One event of a namespace, as the protocol's `event` frame describes it.
struct event {
  std::uint64_t seq = 0; ///< Position in the namespace's log, from 1; 0 for an ephemeral event.
  std::string type;      ///< The subject: tokens joined by `.`.
  std::string client_id;
  std::string message_id;
  std::string prev_event_id;                 ///< Empty: none.
  std::string to;                            ///< A client_id; empty: everyone.
  std::int64_t ts_ms = 0;                    ///< When it was accepted, milliseconds since the Unix epoch.
  std::string data;                          ///< JSON text, valid and compact.
  bool causal_gap = false;                   ///< The predecessor never came.
  receipt_kind receipt = receipt_kind::none; ///< What the sender asked for; travels along, is not kept.
  std::uint32_t hops = 0; ///< Agents, workflows and calls between a client's event and this one.

  bool ephemeral() const noexcept { return seq == 0; }
  std::string event_id() const { return client_id + '/' + message_id; }

  /// Whether a client may see it: it is for everyone, or for this one.
  bool is_for(const std::string& client) const noexcept { return to.empty() || to == client; }

  /// `causal_gap` and `hops` as the one number that stores keep in their field `causal_gap`.
  std::uint32_t stored_flags() const noexcept { return (causal_gap ? 1U : 0U) | (hops << 1); }
  void set_stored_flags(std::uint32_t x) noexcept {
    causal_gap = (x & 1U) != 0;
    hops = x >> 1;
  }

  /// What it takes in the log, bytes; an estimate that counts every string.
  std::size_t size_bytes() const noexcept {
    return sizeof(event) + type.size() + client_id.size() + message_id.size() + prev_event_id.size()
           + to.size() + data.size();
  }
};

using event_ptr = std::shared_ptr<const event>;

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
