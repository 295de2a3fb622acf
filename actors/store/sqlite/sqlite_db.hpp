#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace weir {

/// What SQLite said no with. Thrown inside the SQLite store only, whose public functions turn it into a
/// refusal.
struct sqlite_error {
  int code; ///< Extended.
  std::string message;

  /// A word for metrics: `full`, `io`, `corrupt`, `locked` or `other`.
  const char* cause() const noexcept;
};

/// One connection, used by one thread at a time.
class sqlite_db {
public:
  /// Opens or creates the file. Throws `sqlite_error`.
  explicit sqlite_db(const std::string& path);

  void exec(const char* sql);
  void exec(const std::string& sql) { exec(sql.c_str()); }

  /// Runs a query that gives one number.
  std::int64_t number(const char* sql);

  std::int64_t last_row_id() const noexcept;

  /// Ends a transaction without its writes, if one is open. Never throws.
  void rollback() noexcept;

  sqlite3* raw() const noexcept { return db_.get(); }

private:
  struct closer {
    void operator()(sqlite3* x) const noexcept;
  };

  std::unique_ptr<sqlite3, closer> db_;
};

/// A prepared statement. Parameters and columns are numbered from the left: parameters from 1, columns from
/// 0. What is bound is not copied and must live until the statement has run.
class sqlite_statement {
public:
  /// Throws `sqlite_error`, as do `step` and `run`.
  sqlite_statement(const sqlite_db& db, const char* sql);

  sqlite_statement& bind(int i, std::int64_t x) noexcept;
  sqlite_statement& bind(int i, std::string_view x) noexcept;
  sqlite_statement& bind_null(int i) noexcept;

  /// Binds all parameters from the first on, and starts anew.
  template <class... Ts>
  sqlite_statement& with(const Ts&... xs) noexcept {
    reset();
    int i = 0;
    (bind(++i, xs), ...);
    return *this;
  }

  /// Goes to the next row; false when there is none, which also ends the read.
  bool step();

  /// Runs a statement that gives no rows. Gives how many it inserted, changed or deleted.
  std::uint64_t run();

  /// Ends a read before its last row.
  void reset() noexcept;

  std::int64_t integer(int i) const noexcept;
  std::uint64_t number(int i) const noexcept { return static_cast<std::uint64_t>(integer(i)); }
  bool is_null(int i) const noexcept;
  std::string_view text(int i) const noexcept; ///< Good until the next step.

private:
  [[noreturn]] void fail();

  struct finalizer {
    void operator()(sqlite3_stmt* x) const noexcept;
  };

  std::unique_ptr<sqlite3_stmt, finalizer> statement_;
};

} // namespace weir
