#pragma once

#include "actors/messages/store_types.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace weir {

/// How long the leases of other processes still count. A holder writes a new end into its lease every third
/// of `ttl`, by its own wall clock, which may differ from this node's by anything. So a lease counts until it
/// has not been prolonged for `ttl`, measured from when this node first saw it so; and sooner where its end
/// has passed by this node's wall clock, too, but not before half of `ttl` has been watched. Plain; one entry
/// for each name that a node of the cluster has had.
class lease_age {
public:
  using time_point = std::chrono::steady_clock::time_point;
  using milliseconds = std::chrono::milliseconds;

  explicit lease_age(milliseconds ttl) : ttl_(ttl) {}

  /// For how long this lease still counts; 0: no more.
  /// @param got as it was read just now.
  /// @param wall_ms milliseconds since the Unix epoch.
  milliseconds left(const std::string& name, const lease_grant& got, time_point now, std::int64_t wall_ms) {
    auto& x = seen_[name];
    if (x.owner != got.owner || x.expires_ms != got.expires_ms) x = {got.owner, got.expires_ms, now};
    auto watched = std::chrono::duration_cast<milliseconds>(now - x.since);
    auto by_wall = milliseconds{std::clamp<std::int64_t>(got.expires_ms - wall_ms, 0, ttl_.count())};
    auto out = std::min(std::max(by_wall, ttl_ / 2 - watched), ttl_ - watched);
    return std::max(out, milliseconds{0});
  }

private:
  struct state {
    std::string owner;
    std::int64_t expires_ms = 0;
    time_point since{};
  };

  milliseconds ttl_;
  std::map<std::string, state> seen_;
};

} // namespace weir
