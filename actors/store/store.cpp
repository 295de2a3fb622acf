#include "actors/store/store.hpp"

#include "actors/store/rules.hpp"

namespace weir {

store::outcome<lease_grant> store::acquire(const std::string& name, const std::string& owner,
                                           std::int64_t ttl_ms, std::int64_t now_ms) {
  return change_lease(name, [&](lease_record& x) { return acquire_lease(x, owner, ttl_ms, now_ms); });
}

store::outcome<lease_grant> store::renew(const std::string& name, const std::string& owner,
                                         std::uint64_t epoch, std::int64_t ttl_ms, std::int64_t now_ms) {
  return change_lease(name, [&](lease_record& x) { return renew_lease(x, owner, epoch, ttl_ms, now_ms); });
}

store::outcome<lease_grant> store::release(const std::string& name, const std::string& owner,
                                           std::uint64_t epoch, std::int64_t) {
  return change_lease(name, [&](lease_record& x) { return release_lease(x, owner, epoch); });
}

store::outcome<lease_grant> store::look(const std::string& name, std::int64_t) {
  return change_lease(name, [](lease_record& x) { return look_at_lease(x); });
}

} // namespace weir
