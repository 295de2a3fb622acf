#include "actors/store/rules.hpp"

#include "actors/event/pattern.hpp"

#include <algorithm>

namespace weir {

namespace {

refusal no(const char* reason, std::string message) {
  return {code::conflict, reason, std::move(message), 0, {}, 0, 0};
}

lease_grant grant_of(const lease_record& lease, bool granted) {
  return {granted, lease.epoch, lease.owner, lease.expires_ms};
}

} // namespace

refusal check_append(const log_state& log, const log_append& what) {
  if (!log.epoch.empty() && log.epoch != what.epoch)
    return no(store_reason::other_epoch,
              "the log of " + what.ns + " has epoch " + log.epoch + ", not " + what.epoch);
  auto next = log.head;
  for (auto& x : what.records) {
    if (x.what->seq == ++next) continue;
    return no(store_reason::out_of_order, "seq " + std::to_string(x.what->seq) + " of " + what.ns
                                              + " does not follow " + std::to_string(next - 1));
  }
  return {};
}

std::uint64_t trimmed_to(const log_state& log, const log_trim& what) {
  return std::clamp(what.first_kept, log.first_kept, log.head + 1);
}

refusal check_version(const std::string& key, std::optional<std::uint64_t> expected, std::uint64_t actual) {
  if (!expected || *expected == actual) return {};
  auto name = [](std::uint64_t x) {
    return x == 0 ? std::string{"absent"} : "at version " + std::to_string(x);
  };
  return no(store_reason::version_conflict,
            "key " + key + " is " + name(actual) + " and was expected " + name(*expected));
}

refusal check_fence(const fence& guard, const lease_record& lease) {
  if (guard.lease.empty() || (guard.epoch == lease.epoch && !lease.owner.empty())) return {};
  return no(store_reason::fenced, "lease " + guard.lease + " is at epoch " + std::to_string(lease.epoch)
                                      + (lease.owner.empty() ? ", which nobody has" : "") + ", the writer at "
                                      + std::to_string(guard.epoch));
}

lease_grant acquire_lease(lease_record& lease, const std::string& owner, std::int64_t ttl_ms,
                          std::int64_t now_ms) {
  bool free = lease.owner.empty() || lease.expires_ms <= now_ms;
  if (!free && lease.owner != owner) return grant_of(lease, false);
  if (lease.owner != owner) ++lease.epoch;
  lease.owner = owner;
  lease.expires_ms = now_ms + ttl_ms;
  return grant_of(lease, true);
}

lease_grant renew_lease(lease_record& lease, const std::string& owner, std::uint64_t epoch,
                        std::int64_t ttl_ms, std::int64_t now_ms) {
  bool own = lease.owner == owner && lease.epoch == epoch && lease.expires_ms > now_ms;
  if (own) lease.expires_ms = now_ms + ttl_ms;
  return grant_of(lease, own);
}

lease_grant release_lease(lease_record& lease, const std::string& owner, std::uint64_t epoch) {
  if (lease.owner == owner && lease.epoch == epoch) {
    lease.owner.clear();
    lease.expires_ms = 0;
  }
  return grant_of(lease, false);
}

lease_grant look_at_lease(const lease_record& lease) { return grant_of(lease, false); }

} // namespace weir
