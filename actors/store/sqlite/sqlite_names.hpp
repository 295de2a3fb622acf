#pragma once

#include "actors/store/sqlite/sqlite_db.hpp"

#include <string>
#include <unordered_map>

namespace weir {

/// The numbers that stand for namespaces in the file. A namespace keeps its number for ever.
class sqlite_names {
public:
  static constexpr std::size_t max_cached = 10'000; ///< Then all are forgotten, and read again when needed.

  explicit sqlite_names(const sqlite_db& db);

  /// The number of a namespace; 0 when it has none.
  std::int64_t find(const std::string& ns);

  /// As above, but gives it one. Within a transaction.
  std::int64_t intern(const std::string& ns);

  /// To be called when a transaction was rolled back.
  void forget() noexcept { cached_.clear(); }

private:
  const sqlite_db& db_;
  sqlite_statement find_;
  sqlite_statement add_;
  std::unordered_map<std::string, std::int64_t> cached_;
};

} // namespace weir
