#include "actors/store/sqlite/sqlite_db.hpp"

#include <sqlite3.h>

#include <system_error>

namespace weir {

namespace {

sqlite_error error_of(sqlite3* db) {
  sqlite_error out{sqlite3_extended_errcode(db), sqlite3_errmsg(db)};
  auto errno_of_it = sqlite3_system_errno(db);
  if ((out.code & 0xff) == SQLITE_IOERR && errno_of_it != 0)
    out.message += " (" + std::generic_category().message(errno_of_it) + ")";
  return out;
}

} // namespace

const char* sqlite_error::cause() const noexcept {
  switch (code & 0xff) {
  case SQLITE_FULL:
    return "full";
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
  case SQLITE_READONLY:
    return "io";
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return "corrupt";
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return "locked";
  default:
    return "other";
  }
}

sqlite_db::sqlite_db(const std::string& path) {
  sqlite3* db = nullptr;
  // One thread at a time is the store's contract, so SQLite's own mutexes are spared.
  auto flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  auto rc = sqlite3_open_v2(path.c_str(), &db, flags, nullptr);
  db_.reset(db);
  if (rc != SQLITE_OK) throw db ? error_of(db) : sqlite_error{rc, sqlite3_errstr(rc)};
}

void sqlite_db::exec(const char* sql) {
  if (sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) throw error_of(db_.get());
}

std::int64_t sqlite_db::number(const char* sql) {
  sqlite_statement query{*this, sql};
  return query.step() ? query.integer(0) : 0;
}

std::int64_t sqlite_db::last_row_id() const noexcept { return sqlite3_last_insert_rowid(db_.get()); }

void sqlite_db::rollback() noexcept {
  // SQLite ends some transactions by itself when a write fails.
  if (sqlite3_get_autocommit(db_.get()) == 0) sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

void sqlite_db::closer::operator()(sqlite3* x) const noexcept { sqlite3_close_v2(x); }

sqlite_statement::sqlite_statement(const sqlite_db& db, const char* sql) {
  sqlite3_stmt* out = nullptr;
  if (sqlite3_prepare_v3(db.raw(), sql, -1, SQLITE_PREPARE_PERSISTENT, &out, nullptr) != SQLITE_OK)
    throw error_of(db.raw());
  statement_.reset(out);
}

sqlite_statement& sqlite_statement::bind(int i, std::int64_t x) noexcept {
  sqlite3_bind_int64(statement_.get(), i, x);
  return *this;
}

sqlite_statement& sqlite_statement::bind(int i, std::string_view x) noexcept {
  // An empty view may point nowhere, which SQLite would take for NULL.
  auto* data = x.data() ? x.data() : "";
  sqlite3_bind_text64(statement_.get(), i, data, x.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

sqlite_statement& sqlite_statement::bind_null(int i) noexcept {
  sqlite3_bind_null(statement_.get(), i);
  return *this;
}

bool sqlite_statement::step() {
  switch (sqlite3_step(statement_.get())) {
  case SQLITE_ROW:
    return true;
  case SQLITE_DONE:
    reset();
    return false;
  default:
    fail();
  }
}

std::uint64_t sqlite_statement::run() {
  if (sqlite3_step(statement_.get()) != SQLITE_DONE) fail();
  reset();
  return static_cast<std::uint64_t>(sqlite3_changes64(sqlite3_db_handle(statement_.get())));
}

void sqlite_statement::reset() noexcept { sqlite3_reset(statement_.get()); }

void sqlite_statement::fail() {
  auto error = error_of(sqlite3_db_handle(statement_.get()));
  reset();
  throw error;
}

std::int64_t sqlite_statement::integer(int i) const noexcept {
  return sqlite3_column_int64(statement_.get(), i);
}

bool sqlite_statement::is_null(int i) const noexcept {
  return sqlite3_column_type(statement_.get(), i) == SQLITE_NULL;
}

std::string_view sqlite_statement::text(int i) const noexcept {
  auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), i));
  return {data ? data : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), i))};
}

void sqlite_statement::finalizer::operator()(sqlite3_stmt* x) const noexcept { sqlite3_finalize(x); }

} // namespace weir
