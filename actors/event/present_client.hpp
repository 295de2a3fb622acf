#pragma once

#include <cstdint>
#include <string>

namespace weir {

/// A client that is in a namespace, as the protocol's `presence` frame describes it.
struct present_client {
  /// About what it takes as JSON.
  std::uint64_t size_bytes() const noexcept { return client_id.size() + meta.size() + 80; }

  std::string client_id;
  std::int64_t since_ms = 0; ///< When its first connection came, milliseconds since the Unix epoch.
  std::uint64_t connections = 0;
  std::string meta = "{}"; ///< JSON text of an object: what it said of itself in its `hello`.
};

} // namespace weir
