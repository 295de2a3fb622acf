#pragma once

#include "actors/messages/log_filter.hpp"
#include "actors/messages/store_types.hpp"

#include <string_view>

namespace weir {

// What every store decides in the same way, whatever it keeps its data in.

/// Why these events cannot be appended to a log in this state, if they cannot.
refusal check_append(const log_state& log, const log_append& what);

/// Where a trim leaves the log's first event.
std::uint64_t trimmed_to(const log_state& log, const log_trim& what);

/// Why a write that expects this version is refused by a key that has `actual` (0: it is not there).
refusal check_version(const std::string& key, std::optional<std::uint64_t> expected, std::uint64_t actual);

/// A lease as it is kept. It stays when nobody has it, for its epoch.
struct lease_record {
  std::string owner{}; ///< Empty: released.
  std::uint64_t epoch = 0;
  std::int64_t expires_ms = 0;

  bool operator==(const lease_record&) const = default;
};

/// Why a fenced write is refused, if it is.
refusal check_fence(const fence& guard, const lease_record& lease);

/// Each changes the lease if it grants. A lease that nobody has taken since is its last owner's to prolong,
/// whatever its time: the epoch says whether somebody has.
lease_grant acquire_lease(lease_record& lease, const std::string& owner, std::int64_t ttl_ms,
                          std::int64_t now_ms);
lease_grant renew_lease(lease_record& lease, const std::string& owner, std::uint64_t epoch,
                        std::int64_t ttl_ms, std::int64_t now_ms);
lease_grant release_lease(lease_record& lease, const std::string& owner, std::uint64_t epoch);

/// What is kept of it, also when its time is over: whose clock is right is not known here. Never granted.
lease_grant look_at_lease(const lease_record& lease);

} // namespace weir
