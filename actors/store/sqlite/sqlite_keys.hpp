#pragma once

#include "actors/store/rules.hpp"
#include "actors/store/sqlite/sqlite_names.hpp"

#include <optional>
#include <vector>

namespace weir {

/// The keys and the leases in a SQLite file. All members throw `sqlite_error`. Writes must be within a
/// transaction, `save` comes before its commit.
class sqlite_keys {
public:
  sqlite_keys(const sqlite_db& db, sqlite_names& names);

  write_result put(const key_put& what, std::int64_t now_ms);
  write_result erase(const key_delete& what, std::int64_t now_ms);

  /// Deletes all keys of a namespace.
  void drop(const std::string& ns);

  /// Writes the last version that was given.
  void save();

  /// To be called when a transaction was rolled back.
  void forget();

  std::optional<key_entry> get(const std::string& ns, const std::string& key, std::int64_t now_ms);
  std::vector<key_entry> scan(const std::string& ns, const std::string& prefix, const std::string& after,
                              std::uint64_t limit, std::int64_t now_ms);

  /// Deletes up to `max` expired keys. Gives how many.
  std::uint64_t sweep(std::int64_t now_ms, std::uint64_t max);

  lease_record lease(const std::string& name);
  void set_lease(const std::string& name, const lease_record& what);

private:
  std::uint64_t version_of(std::int64_t ns, const std::string& key, std::int64_t now_ms);
  void load_version();

  const sqlite_db& db_;
  sqlite_names& names_;
  std::uint64_t last_version_ = 0;
  std::uint64_t saved_version_ = 0;

  sqlite_statement version_, get_, put_, erase_, scan_, expired_, lease_, set_lease_, load_version_,
      save_version_, drop_;
};

} // namespace weir
