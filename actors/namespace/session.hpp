#pragma once

#include "actors/messages/sessions.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace weir {

/// Where a session is attached: a subscriber behind a relay, by the namespace's numbers. No relay: nowhere.
struct attachment {
  std::uint64_t relay = 0;
  std::uint64_t subscriber = 0;

  explicit operator bool() const noexcept { return relay > 0; }
  bool operator==(const attachment&) const = default;
};

/// What outlives a client's socket.
struct session {
  std::string id;
  std::string client_id;
  std::string meta = "{}";                                ///< JSON text of an object.
  std::string epoch;                                      ///< The history that its subscriptions are about.
  std::map<std::string, subscription_spec> subscriptions; ///< By id; at most subscriptions_per_session.
  std::uint64_t acked = 0;                                ///< All up to here was acknowledged.

  attachment at;                ///< Not kept.
  std::int64_t attached_ms = 0; ///< When that socket came. Not kept.
  attachment before;            ///< Where it was until the new attachment is welcomed. Not kept.
  std::int64_t expires_ms = 0;  ///< While it is not attached. Not kept.
};

/// A session as it is kept: JSON text.
std::string encode_session(const session& x);

/// Nothing: it is not one.
std::optional<session> decode_session(const std::string& id, const std::string& text);

} // namespace weir
