#include "actors/store/sqlite/sqlite_keys.hpp"

#include <utility>

namespace weir {

namespace {

bool expired(std::int64_t expires_ms, std::int64_t now_ms) { return expires_ms > 0 && expires_ms <= now_ms; }

} // namespace

sqlite_keys::sqlite_keys(const sqlite_db& db, sqlite_names& names)
  : db_(db), names_(names), version_(db, "SELECT version, expires_ms FROM keys WHERE ns = ? AND key = ?"),
    get_(db, "SELECT value, version, expires_ms FROM keys WHERE ns = ? AND key = ?"),
    put_(db, "INSERT OR REPLACE INTO keys(ns, key, version, expires_ms, value) VALUES (?, ?, ?, ?, ?)"),
    erase_(db, "DELETE FROM keys WHERE ns = ? AND key = ?"),
    scan_(db, "SELECT key, version, expires_ms, value FROM keys WHERE ns = ? AND key >= ? ORDER BY key"),
    expired_(db,
             "SELECT ns, key FROM keys WHERE expires_ms > 0 AND expires_ms <= ? ORDER BY expires_ms LIMIT ?"),
    lease_(db, "SELECT owner, epoch, expires_ms FROM leases WHERE name = ?"),
    set_lease_(db, "INSERT OR REPLACE INTO leases(name, owner, epoch, expires_ms) VALUES (?, ?, ?, ?)"),
    load_version_(db, "SELECT value FROM counters WHERE name = 'version'"),
    save_version_(db, "UPDATE counters SET value = ? WHERE name = 'version'"),
    drop_(db, "DELETE FROM keys WHERE ns = ?") {
  load_version();
}

write_result sqlite_keys::put(const key_put& what, std::int64_t now_ms) {
  auto ns = names_.intern(what.ns);
  if (what.expected_version)
    if (auto no = check_version(what.key, what.expected_version, version_of(ns, what.key, now_ms));
        no.refused())
      return {std::move(no), 0};
  put_.with(ns, what.key, ++last_version_, what.expires_ms, what.value).run();
  return {{}, last_version_};
}

write_result sqlite_keys::erase(const key_delete& what, std::int64_t now_ms) {
  auto ns = names_.find(what.ns);
  if (what.expected_version)
    if (auto no = check_version(what.key, what.expected_version, version_of(ns, what.key, now_ms));
        no.refused())
      return {std::move(no), 0};
  erase_.with(ns, what.key).run();
  return {};
}

void sqlite_keys::drop(const std::string& ns) { drop_.with(names_.find(ns)).run(); }

void sqlite_keys::save() {
  if (last_version_ == saved_version_) return;
  save_version_.with(last_version_).run();
  saved_version_ = last_version_;
}

// Not read again from the file: versions that were never given may stay unused, and the file may be failing.
void sqlite_keys::forget() { saved_version_ = 0; }

std::optional<key_entry> sqlite_keys::get(const std::string& ns, const std::string& key,
                                          std::int64_t now_ms) {
  if (!get_.with(names_.find(ns), key).step()) return {};
  key_entry out{key, std::string{get_.text(0)}, get_.number(1), get_.integer(2)};
  get_.reset();
  if (expired(out.expires_ms, now_ms)) return {};
  return out;
}

std::vector<key_entry> sqlite_keys::scan(const std::string& ns, const std::string& prefix,
                                         const std::string& after, std::uint64_t limit, std::int64_t now_ms) {
  std::vector<key_entry> out;
  // The first key after `after` is itself with a zero byte behind it.
  auto start = after < prefix || after.empty() ? prefix : after + '\0';
  scan_.with(names_.find(ns), start);
  while (out.size() < limit && scan_.step()) {
    auto key = scan_.text(0);
    if (key.substr(0, prefix.size()) != prefix) break;
    if (expired(scan_.integer(2), now_ms)) continue;
    out.push_back({std::string{key}, std::string{scan_.text(3)}, scan_.number(1), scan_.integer(2)});
  }
  scan_.reset();
  return out;
}

std::uint64_t sqlite_keys::sweep(std::int64_t now_ms, std::uint64_t max) {
  std::vector<std::pair<std::int64_t, std::string>> found;
  expired_.with(now_ms, max);
  while (expired_.step()) found.emplace_back(expired_.integer(0), expired_.text(1));
  for (auto& x : found) erase_.with(x.first, x.second).run();
  return found.size();
}

lease_record sqlite_keys::lease(const std::string& name) {
  if (!lease_.with(name).step()) return {};
  lease_record out{std::string{lease_.text(0)}, lease_.number(1), lease_.integer(2)};
  lease_.reset();
  return out;
}

void sqlite_keys::set_lease(const std::string& name, const lease_record& what) {
  set_lease_.with(name, what.owner, what.epoch, what.expires_ms).run();
}

std::uint64_t sqlite_keys::version_of(std::int64_t ns, const std::string& key, std::int64_t now_ms) {
  if (!version_.with(ns, key).step()) return 0;
  auto version = version_.number(0);
  auto expires_ms = version_.integer(1);
  version_.reset();
  return expired(expires_ms, now_ms) ? 0 : version;
}

void sqlite_keys::load_version() {
  if (load_version_.step()) last_version_ = saved_version_ = load_version_.number(0);
  load_version_.reset();
}

} // namespace weir
