#include "actors/store/sqlite/sqlite_schema.hpp"

#include <sqlite3.h>

namespace weir {

namespace {

// The log of all namespaces is one B-tree, keyed by log and seq in one number (see sqlite_log.hpp), so that
// an append goes to the end of its log's range and a read is a walk. `data` comes last: whatever is read of a
// large event without it does not follow its overflow pages.
constexpr const char* tables = R"(
  CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE namespaces(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  -- ns: NULL once a reset has put another log in its place. swept_to: no older event is in the file.
  -- bytes_in: of all that was appended; bytes_out: of all before first_kept. ids_to, ids_freed_to: what of the
  -- log is in `ids`; see sqlite_id_index.hpp.
  CREATE TABLE logs(id INTEGER PRIMARY KEY, ns INTEGER UNIQUE, epoch TEXT NOT NULL, first_kept INTEGER NOT NULL,
                    head INTEGER NOT NULL, swept_to INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
                    bytes_out INTEGER NOT NULL, ids_to INTEGER NOT NULL, ids_freed_to INTEGER NOT NULL);
  CREATE INDEX logs_to_sweep ON logs(id) WHERE ns IS NULL OR swept_to < first_kept OR ids_freed_to < swept_to >> 16;
  -- bytes_in: as it was in the log's row after this event. hash: NULL when version 1 wrote it.
  CREATE TABLE events(pos INTEGER PRIMARY KEY, hash INTEGER, bytes_in INTEGER NOT NULL, ts_ms INTEGER NOT NULL,
                      causal_gap INTEGER NOT NULL, type TEXT NOT NULL, client_id TEXT NOT NULL,
                      message_id TEXT NOT NULL, prev_event_id TEXT NOT NULL, recipient TEXT NOT NULL,
                      data TEXT NOT NULL);
  CREATE TABLE ids(block INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY(block, entry)) WITHOUT ROWID;
  CREATE TABLE keys(ns INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
                    value BLOB NOT NULL, PRIMARY KEY(ns, key)) WITHOUT ROWID;
  CREATE INDEX keys_by_expiry ON keys(expires_ms) WHERE expires_ms > 0;
  CREATE TABLE leases(name TEXT PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL,
                      expires_ms INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counters VALUES ('version', 0), ('opened', 0), ('id_seed', abs(random() / 2));
)";

// Version 1 kept no content hashes. They are worked out when an old event is read: no walk over the log now.
constexpr const char* from_1_to_2 = "ALTER TABLE events ADD COLUMN hash INTEGER";

[[noreturn]] void refuse(std::string why) { throw sqlite_error{SQLITE_MISMATCH, std::move(why)}; }

void migrate(sqlite_db& db, std::int64_t version) {
  db.exec(version == 0 ? tables : from_1_to_2);
  db.exec("PRAGMA user_version = " + std::to_string(store_schema_version));
  db.exec("PRAGMA application_id = " + std::to_string(store_application_id));
}

} // namespace

std::int64_t check_schema(sqlite_db& db) {
  auto version = db.number("PRAGMA user_version");
  if (db.number("SELECT count(*) FROM sqlite_schema") == 0) return 0;
  if (db.number("PRAGMA application_id") != store_application_id) refuse("is a database of another program");
  if (version > store_schema_version)
    refuse("has schema version " + std::to_string(version)
           + ", written by a newer version; this one reads up to " + std::to_string(store_schema_version));
  return version;
}

void mark_copied(sqlite_db& db) { db.exec("INSERT OR REPLACE INTO counters VALUES ('copied', 1)"); }

void prepare_schema(sqlite_db& db, std::int64_t version) {
  db.exec("BEGIN IMMEDIATE");
  if (version < store_schema_version) migrate(db, version);
  // A write at every start: a folder that cannot be written to, or a full disk, shows now and not later.
  db.exec("UPDATE counters SET value = value + 1 WHERE name = 'opened'");
  if (db.number("SELECT count(*) FROM counters WHERE name = 'copied'") > 0) {
    db.exec("UPDATE logs SET epoch = lower(hex(randomblob(4))) WHERE ns IS NOT NULL");
    db.exec("DELETE FROM counters WHERE name = 'copied'");
  }
  db.exec("COMMIT");
}

} // namespace weir
