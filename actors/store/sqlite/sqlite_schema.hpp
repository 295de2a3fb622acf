#pragma once

#include "actors/store/sqlite/sqlite_db.hpp"

namespace weir {

/// `PRAGMA application_id` of Weir's files, "Weir" in ASCII.
inline constexpr std::int64_t store_application_id = 0x57656972;

/// `PRAGMA user_version` that this version writes.
inline constexpr std::int64_t store_schema_version = 2;

/// The file's schema version, 0 for an empty file. Only reads. Throws `sqlite_error`, also for a file that is
/// newer or not Weir's.
std::int64_t check_schema(sqlite_db& db);

/// Makes the tables in an empty file, or brings those of an older version up to date, in one transaction.
void prepare_schema(sqlite_db& db, std::int64_t version);

/// Marks a copy: whoever opens it goes on under new epochs, since the store that it was made of went on.
void mark_copied(sqlite_db& db);

} // namespace weir
