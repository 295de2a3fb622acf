#pragma once

#include "actors/store/sqlite/sqlite_db.hpp"

#include <memory>
#include <string>

struct sqlite3_backup;

namespace weir {

/// A copy of an open store file that is made a part at a time, while the store is written to over the same
/// connection. A copy that is not finished is removed. All members throw `sqlite_error`.
class sqlite_copy {
public:
  /// @param from must outlive this.
  /// @param path of the copy; a file that is there, of a copy that was not finished, is replaced.
  sqlite_copy(const sqlite_db& from, std::string path);
  ~sqlite_copy();

  sqlite_copy(const sqlite_copy&) = delete;
  sqlite_copy& operator=(const sqlite_copy&) = delete;

  /// @returns whether all is copied.
  bool step(int pages);

  /// Makes the copy one that can be used, and gives its path.
  std::string finish();

private:
  struct ender {
    void operator()(sqlite3_backup* x) const noexcept;
  };

  std::string path_;
  bool finished_ = false;
  std::unique_ptr<sqlite_db> to_;
  std::unique_ptr<sqlite3_backup, ender> job_;
};

} // namespace weir
