#pragma once

#include "actors/store/store.hpp"

#include <memory>
#include <string>
#include <variant>

namespace weir {

struct sqlite_config {
  std::string path; ///< Of the file; its folder must exist. SQLite's `-wal` file stands beside it.
  std::uint64_t cache_bytes = 64 * 1024 * 1024; ///< Of pages in memory; the least used go.
  std::uint64_t wal_bytes =
      8 * 1024 * 1024;                 ///< The write-ahead log is moved into the file when it is longer.
  std::uint64_t file_bytes = 0;        ///< A bound on the file, beyond which it counts as full; 0: none.
  std::int64_t busy_timeout_ms = 1000; ///< How long opening waits for another process to let go of the file.
  std::string machine_life = {};       ///< See `witness`; for tests.
};

/// Opens or creates a store in a SQLite file (WAL), for itself: a second process is refused until this one is
/// gone. Older schemas are brought up to date. The refusal names the file and what is wrong with it.
///
/// `process` and `none` are the same here: a commit is a write to the operating system and no fsync. (With
/// `synchronous=OFF` it would cost as much, and a power cut could take what others were promised `power`
/// for.) `power` adds the fsync of the write-ahead log.
///
/// How far each log was acknowledged is also in the file `PATH-witness` (`witness`): a log that ends before
/// that, since the file or its write-ahead log was cut, damaged or put back, is told as `behind`. All files
/// are the owner's alone (0600).
///
/// When the file is removed or replaced while it is open nothing is acknowledged any more, from the next
/// `check` on.
///
/// When a write fails (disk full, I/O error) the transaction is rolled back whole; the next one is tried
/// anew.
std::variant<std::unique_ptr<store>, refusal> open_sqlite_store(const sqlite_config& cfg);

} // namespace weir
