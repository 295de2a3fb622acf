#include "actors/store/sqlite/sqlite_store.hpp"

#include "actors/core/errors.hpp"
#include "actors/store/sqlite/sqlite_copy.hpp"
#include "actors/store/sqlite/sqlite_keys.hpp"
#include "actors/store/sqlite/sqlite_log.hpp"
#include "actors/store/sqlite/sqlite_schema.hpp"
#include "actors/store/witnessed_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

namespace weir {

namespace {

constexpr std::uint64_t page_bytes = 4096;
constexpr int pages_of_a_copy = 256;          // in one step: a commit may have to wait for it
constexpr std::int64_t retry_after_ms = 1000; // a disk is not freed in less

refusal unavailable(const std::string& path, const sqlite_error& error) {
  return errors::unavailable("the store is out of reach, or refuses", retry_after_ms)
      .with_detail(path + ": " + error.message);
}

/// Which file a path leads to.
struct file_identity {
  dev_t device = 0;
  ino_t number = 0;

  bool operator==(const file_identity&) const = default;
};

/// Nothing there: that of no file.
file_identity identity_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

/// SQLite gives the files that it makes beside this one the same rights.
void make_private(const std::string& path) {
  if (auto file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600); file >= 0) ::close(file);
  for (auto* suffix : {"", "-wal", "-shm", "-journal"}) {
    auto name = path + suffix;
    struct stat found {};
    if (::stat(name.c_str(), &found) == 0 && (found.st_mode & 0077) != 0) ::chmod(name.c_str(), 0600);
  }
}

class sqlite_store : public store {
public:
  sqlite_store(std::string path, sqlite_db db)
    : path_(std::move(path)), file_(identity_of(path_)), db_(std::move(db)), names_(db_), log_(db_, names_),
      keys_(db_, names_), begin_(db_, "BEGIN IMMEDIATE"), commit_(db_, "COMMIT") {}

  group_result write(std::span<const store_batch* const> group, std::int64_t now_ms) override {
    group_result out;
    if (gone_.refused()) return {gone_, "lost", {}};
    auto keep = durability::none;
    for (auto* x : group) keep = std::max(keep, x->keep);
    try {
      transaction(keep, [&] {
        for (auto* batch : group) {
          auto& results = out.batches.emplace_back();
          results.reserve(batch->writes.size());
          for (auto& x : batch->writes) results.push_back(apply(x, now_ms));
        }
      });
    } catch (const sqlite_error& error) {
      out = {unavailable(path_, error), error.cause(), {}};
    }
    return out;
  }

  outcome<log_state> state_of_log(const std::string& ns) override {
    return guarded([&] { return log_.state(ns); });
  }

  outcome<log_read> read_log(const std::string& ns, const log_request& what) override {
    return guarded([&] { return log_.read(ns, what); });
  }

  outcome<std::optional<event_place>> find_event(const std::string& ns, const std::string& client_id,
                                                 const std::string& message_id) override {
    return guarded([&] { return log_.find(ns, client_id, message_id); });
  }

  outcome<std::vector<event_mark>> newest_ids(const std::string& ns, std::uint64_t limit,
                                              std::int64_t max_age_ms) override {
    return guarded([&] { return log_.newest_ids(ns, limit, max_age_ms); });
  }

  outcome<std::optional<key_entry>> get(const std::string& ns, const std::string& key,
                                        std::int64_t now_ms) override {
    return guarded([&] { return keys_.get(ns, key, now_ms); });
  }

  outcome<std::vector<key_entry>> scan(const std::string& ns, const std::string& prefix,
                                       const std::string& after, std::uint64_t limit,
                                       std::int64_t now_ms) override {
    return guarded([&] { return keys_.scan(ns, prefix, after, limit, now_ms); });
  }

  refusal check() override {
    if (!gone_.refused() && identity_of(path_) != file_)
      gone_ = errors::unavailable("the store is out of reach, or refuses", retry_after_ms)
                  .with_detail(path_
                               + ": was removed or replaced while the node was running: nothing is kept "
                                 "until it is started again");
    return gone_;
  }

  outcome<std::string> copy_some() override {
    if (gone_.refused()) return gone_;
    auto out = guarded([&]() -> std::string {
      if (!copy_) copy_ = std::make_unique<sqlite_copy>(db_, path_ + ".copy");
      if (!copy_->step(pages_of_a_copy)) return {};
      return copy_->finish();
    });
    auto* path = std::get_if<std::string>(&out);
    if (path == nullptr || !path->empty()) copy_.reset();
    return out;
  }

  outcome<std::uint64_t> sweep(std::int64_t now_ms, std::uint64_t max) override {
    if (gone_.refused()) return gone_;
    return guarded([&] {
      std::uint64_t done = 0;
      transaction(durability::none, [&] {
        done = keys_.sweep(now_ms, max);
        done += log_.sweep(max - done);
      });
      return done;
    });
  }

private:
  write_result apply(const store_write& what, std::int64_t now_ms) {
    if (!what.guard.lease.empty())
      if (auto no = check_fence(what.guard, keys_.lease(what.guard.lease)); no.refused())
        return {std::move(no), 0};
    if (auto* x = std::get_if<log_append>(&what.what)) return log_.append(*x);
    if (auto* x = std::get_if<log_trim>(&what.what)) return log_.trim(*x);
    if (auto* x = std::get_if<log_reset>(&what.what)) return log_.reset(*x);
    if (auto* x = std::get_if<log_rename>(&what.what)) return log_.rename(*x);
    if (auto* x = std::get_if<key_put>(&what.what)) return keys_.put(*x, now_ms);
    if (auto* x = std::get_if<namespace_drop>(&what.what)) return drop(x->ns);
    return keys_.erase(std::get<key_delete>(what.what), now_ms);
  }

  write_result drop(const std::string& ns) {
    log_.drop(ns);
    keys_.drop(ns);
    return {};
  }

  /// Runs `body` in a transaction. When anything throws, the transaction has not happened.
  template <class F>
  void transaction(durability keep, F body) {
    synchronise(keep == durability::power);
    try {
      begin_.run();
      body();
      log_.save();
      keys_.save();
      commit_.run();
    } catch (const sqlite_error&) {
      db_.rollback();
      names_.forget();
      log_.forget();
      keys_.forget();
      throw;
    }
  }

  void synchronise(bool full) {
    if (full == full_) return;
    db_.exec(full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
    full_ = full;
  }

  outcome<lease_grant> change_lease(const std::string& name, const lease_change& change) override {
    if (gone_.refused()) return gone_;
    return guarded([&] {
      lease_grant out;
      transaction(durability::process, [&] {
        auto x = keys_.lease(name);
        auto before = x;
        out = change(x);
        if (!(x == before)) keys_.set_lease(name, x);
      });
      return out;
    });
  }

  template <class F>
  auto guarded(F body) -> outcome<decltype(body())> {
    try {
      return body();
    } catch (const sqlite_error& error) {
      return unavailable(path_, error);
    }
  }

  std::string path_;
  file_identity file_;
  refusal gone_; // while it refuses nothing, the file is where it was
  sqlite_db db_;
  bool full_ = false;
  sqlite_names names_;
  sqlite_log log_;
  sqlite_keys keys_;
  sqlite_statement begin_, commit_;
  std::unique_ptr<sqlite_copy> copy_; // while one is made
};

void set_up(sqlite_db& db, const sqlite_config& cfg) {
  db.exec("PRAGMA busy_timeout=" + std::to_string(cfg.busy_timeout_ms));
  // The lock is taken by the first access and kept; it goes with the process, however that ends.
  db.exec("PRAGMA locking_mode=EXCLUSIVE");
  auto version = check_schema(db);
  db.exec("PRAGMA journal_mode=WAL");
  db.exec("PRAGMA synchronous=NORMAL");
  db.exec("PRAGMA temp_store=MEMORY");
  db.exec("PRAGMA cache_size=-" + std::to_string(cfg.cache_bytes / 1024));
  db.exec("PRAGMA wal_autocheckpoint="
          + std::to_string(std::max<std::uint64_t>(cfg.wal_bytes / page_bytes, 1)));
  db.exec("PRAGMA journal_size_limit=" + std::to_string(2 * cfg.wal_bytes));
  if (cfg.file_bytes > 0) db.exec("PRAGMA max_page_count=" + std::to_string(cfg.file_bytes / page_bytes));
  prepare_schema(db, version);
}

refusal cannot_open(const std::string& path, const sqlite_error& error) {
  auto folder = std::filesystem::absolute(path).parent_path();
  std::error_code ignored;
  auto why = error;
  if (!std::filesystem::is_directory(folder, ignored))
    why.message = "the folder " + folder.string() + " does not exist";
  else if (access(folder.c_str(), W_OK | X_OK) != 0)
    why.message = "the folder " + folder.string() + " cannot be written to";
  else if (std::string_view{error.cause()} == "locked")
    why.message = "is in use by another process; two nodes cannot share one store file";
  return errors::unavailable(path + ": " + why.message); // for the operator who starts the node
}

} // namespace

std::variant<std::unique_ptr<store>, refusal> open_sqlite_store(const sqlite_config& cfg) {
  try {
    make_private(cfg.path);
    sqlite_db db{cfg.path};
    set_up(db, cfg);
    return make_witnessed_store(std::make_unique<sqlite_store>(cfg.path, std::move(db)),
                                {cfg.path + "-witness", cfg.machine_life, true});
  } catch (const sqlite_error& error) {
    return cannot_open(cfg.path, error);
  }
}

} // namespace weir
