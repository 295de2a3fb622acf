#include "actors/store/sqlite/sqlite_copy.hpp"

#include "actors/store/sqlite/sqlite_schema.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace weir {

namespace {

/// A new file that nobody else can read.
void make_file(const std::string& path) {
  ::unlink(path.c_str());
  auto file = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) throw sqlite_error{SQLITE_CANTOPEN, path + ": " + std::strerror(errno)};
  ::close(file);
}

} // namespace

sqlite_copy::sqlite_copy(const sqlite_db& from, std::string path) : path_(std::move(path)) {
  make_file(path_);
  to_ = std::make_unique<sqlite_db>(path_);
  job_.reset(sqlite3_backup_init(to_->raw(), "main", from.raw(), "main"));
  if (!job_) throw sqlite_error{sqlite3_errcode(to_->raw()), sqlite3_errmsg(to_->raw())};
}

sqlite_copy::~sqlite_copy() {
  job_.reset();
  to_.reset();
  if (finished_) return;
  for (auto* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path_ + suffix).c_str());
}

bool sqlite_copy::step(int pages) {
  auto rc = sqlite3_backup_step(job_.get(), pages);
  if (rc == SQLITE_DONE) return true;
  if (rc == SQLITE_OK) return false;
  throw sqlite_error{rc, path_ + ": " + sqlite3_errstr(rc)};
}

std::string sqlite_copy::finish() {
  job_.reset();
  to_->exec("PRAGMA journal_mode=DELETE"); // one file
  to_->exec("PRAGMA synchronous=FULL");
  mark_copied(*to_);
  to_.reset();
  finished_ = true;
  return path_;
}

void sqlite_copy::ender::operator()(sqlite3_backup* x) const noexcept { sqlite3_backup_finish(x); }

} // namespace weir
