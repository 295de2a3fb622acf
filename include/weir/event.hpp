#pragma once

// One event, as agents get it.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

/// What a publisher wants to be told of its event: nothing, that clients have received it, or that they have
/// acknowledged it.
enum class receipt_kind : std::uint8_t { none, delivered, acked };

/// The protocol's word for it.
inline const char* to_string(receipt_kind x) noexcept {
  switch (x) {
  case receipt_kind::delivered:
    return "delivered";
  case receipt_kind::acked:
    return "acked";
  case receipt_kind::none:
    break;
  }
  return "none";
}

/// One event of a namespace, as the protocol's `event` frame describes it. Agents get it const and shared: it
/// may be read from any thread.
struct event {
  std::uint64_t seq = 0;     ///< Position in the namespace's log, from 1; 0: ephemeral, not in the log.
  std::string type;          ///< The subject: 1 to 16 tokens joined by `.`.
  std::string client_id;     ///< Who published it; `agent:NAME` for an agent.
  std::string message_id;    ///< The publisher's own; unique with `client_id`.
  std::string prev_event_id; ///< The `event_id` that it was to follow; empty: none.
  std::string to;            ///< The only client that may see it; empty: everyone.
  std::int64_t ts_ms = 0;    ///< When it was accepted, milliseconds since the Unix epoch.
  std::string data;          ///< JSON text, valid.
  bool causal_gap = false;   ///< Its predecessor did not arrive in time.
  receipt_kind receipt = receipt_kind::none; ///< What the publisher asked for; not kept in the log.
  std::uint32_t hops = 0; ///< Agents, workflows and calls between a client's event and this one.

  bool ephemeral() const noexcept { return seq == 0; }

  /// `client_id/message_id`: names the event in its namespace.
  std::string event_id() const { return client_id + '/' + message_id; }

  /// Whether this client may see it.
  bool is_for(const std::string& client) const noexcept { return to.empty() || to == client; }

  /// `causal_gap` and `hops` as the one number in which stores keep both.
  std::uint32_t stored_flags() const noexcept { return (causal_gap ? 1U : 0U) | (hops << 1); }
  void set_stored_flags(std::uint32_t x) noexcept {
    causal_gap = (x & 1U) != 0;
    hops = x >> 1;
  }

  /// Bytes that it takes in memory; an estimate that counts every string.
  std::size_t size_bytes() const noexcept {
    return sizeof(event) + type.size() + client_id.size() + message_id.size() + prev_event_id.size()
           + to.size() + data.size();
  }
};

using event_ptr = std::shared_ptr<const event>;

} // namespace weir
