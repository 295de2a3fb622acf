#pragma once

#include "actors/namespace/session.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// The sessions of a namespace: who is attached where, and who may still come back. Those that are attached
/// are bounded by the connections; those that are not by `max_detached`, overflow policy: the one that would
/// expire first is forgotten.
class session_table {
public:
  /// @param ttl_ms how long one is kept after its socket went.
  session_table(std::uint64_t max_detached, std::uint64_t ttl_ms)
    : max_detached_(max_detached), ttl_ms_(static_cast<std::int64_t>(ttl_ms)) {}

  /// The session of that id, or null.
  session* find(const std::string& id);

  /// The session that is attached there, or null.
  session* find(attachment at);

  /// Adds one that is not there yet, detached.
  session& add(session x, std::int64_t now_ms);

  /// Attaches it. Where it was attached before stays in `before` until `settle_before`.
  void attach(session& x, attachment at);

  /// The new attachment has been welcomed, or is gone: gives where the session was before, once.
  attachment settle_before(session& x);

  /// The socket is gone. Gives the session that was attached there, if it still was.
  session* detach(attachment at, std::int64_t now_ms);

  /// Where sessions are attached behind this relay.
  std::vector<attachment> behind(std::uint64_t relay) const;

  /// Takes out the next one that has expired or is above the bound; nothing: none is.
  std::optional<session> take_expired(std::int64_t now_ms);

  /// When the next one expires; 0: none will.
  std::int64_t next_expiry_ms() const noexcept { return by_expiry_.empty() ? 0 : by_expiry_.begin()->first; }

  /// Whether `take_expired` has one to give whatever the time.
  bool over_bound() const noexcept { return by_expiry_.size() > max_detached_; }

  std::int64_t ttl_ms() const noexcept { return ttl_ms_; }
  std::size_t size() const noexcept { return sessions_.size(); }
  std::size_t attached() const noexcept { return by_place_.size(); }

  /// Whether one has subscriptions, or has acknowledged something.
  bool any_with_state() const;

  template <class Visit>
  void each(Visit&& visit) {
    for (auto& [id, x] : sessions_) visit(x);
  }

private:
  struct place_hash {
    std::size_t operator()(const attachment& x) const noexcept {
      return std::hash<std::uint64_t>{}(x.relay * 0x9e3779b97f4a7c15ULL ^ x.subscriber);
    }
  };

  void start_expiry(session& x, std::int64_t now_ms);

  std::uint64_t max_detached_;
  std::int64_t ttl_ms_;
  std::unordered_map<std::string, session> sessions_; // addresses are stable
  std::unordered_map<attachment, session*, place_hash> by_place_;
  std::set<std::pair<std::int64_t, std::string>> by_expiry_;
};

} // namespace weir
