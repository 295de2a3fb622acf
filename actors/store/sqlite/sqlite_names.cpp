#include "actors/store/sqlite/sqlite_names.hpp"

namespace weir {

sqlite_names::sqlite_names(const sqlite_db& db)
  : db_(db), find_(db, "SELECT id FROM namespaces WHERE name = ?"),
    add_(db, "INSERT INTO namespaces(name) VALUES (?)") {}

std::int64_t sqlite_names::find(const std::string& ns) {
  if (auto i = cached_.find(ns); i != cached_.end()) return i->second;
  if (!find_.with(ns).step()) return 0;
  auto id = find_.integer(0);
  find_.reset();
  if (cached_.size() >= max_cached) cached_.clear();
  cached_.emplace(ns, id);
  return id;
}

std::int64_t sqlite_names::intern(const std::string& ns) {
  if (auto id = find(ns); id != 0) return id;
  add_.with(ns).run();
  return db_.last_row_id();
}

} // namespace weir
