#include "actors/store/sqlite/verify_sqlite.hpp"

#include "actors/store/sqlite/sqlite_db.hpp"
#include "actors/store/sqlite/sqlite_id_index.hpp"
#include "actors/store/sqlite/sqlite_schema.hpp"
#include "actors/store/witness.hpp"

#include <nlohmann/json.hpp>
#include <sqlite3.h>
#include <sys/stat.h>

#include <filesystem>
#include <memory>

namespace weir {

namespace {

std::string text_of(std::uint64_t x) { return std::to_string(x); }

class sqlite_verifier {
public:
  sqlite_verifier(const std::string& path, store_findings& out) : path_(path), db_(path), out_(out) {
    sqlite3_db_config(db_.raw(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    db_.exec("PRAGMA locking_mode=EXCLUSIVE");
    db_.exec("PRAGMA query_only=1");
  }

  void run() {
    if (check_schema(db_) == 0) return out_.notes.push_back(path_ + ": is empty");
    check_rights();
    check_file();
    if (!check_tables()) return;
    witness_ = std::make_unique<witness>(path_ + "-witness", witness::look_only{});
    if (witness_->size() == 0) out_.notes.push_back(path_ + "-witness: knows of no log");
    check_logs();
    check_keys();
  }

private:
  void check_rights() {
    for (auto* suffix : {"", "-wal", "-witness"}) {
      struct stat found {};
      auto name = path_ + suffix;
      if (::stat(name.c_str(), &found) == 0 && (found.st_mode & 0077) != 0)
        out_.add(name + ": can be read by others");
    }
  }

  void check_file() {
    sqlite_statement rows{db_, "PRAGMA integrity_check(100)"};
    while (rows.step())
      if (auto line = std::string{rows.text(0)}; line != "ok") out_.add(path_ + ": " + line);
  }

  bool check_tables() {
    auto all = true;
    for (auto* name : {"counters", "namespaces", "logs", "events", "ids", "keys", "leases"}) {
      sqlite_statement row{db_, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?"};
      if (row.with(std::string_view{name}).step()) continue;
      out_.add(path_ + ": has no table " + name);
      all = false;
    }
    return all;
  }

  void check_logs() {
    sqlite_statement rows{
        db_,
        "SELECT l.id, n.name, l.epoch, l.first_kept, l.head, l.bytes_in FROM logs l LEFT JOIN namespaces n "
        "ON n.id = l.ns WHERE l.ns IS NOT NULL"};
    while (rows.step()) {
      ++out_.logs;
      if (rows.is_null(1)) {
        out_.add("log " + std::to_string(rows.integer(0)) + ": belongs to no namespace");
        continue;
      }
      check_log(std::string{rows.text(1)}, rows.integer(0), std::string{rows.text(2)}, rows.number(3),
                rows.number(4), rows.number(5));
    }
  }

  void check_log(const std::string& ns, std::int64_t id, const std::string& epoch, std::uint64_t first,
                 std::uint64_t head, std::uint64_t bytes_in) {
    auto place = [id](std::uint64_t seq) { return sqlite_id_index::pos(id, seq); };
    sqlite_statement count{db_, "SELECT count(*), max(bytes_in) FROM events WHERE pos >= ? AND pos <= ?"};
    count.with(place(first), place(head)).step();
    auto there = count.number(0);
    out_.events += there;
    if (epoch.empty()) out_.add(ns + ": its log has no epoch");
    if (there != head + 1 - first)
      out_.add(ns + ": has " + text_of(there) + " of the " + text_of(head + 1 - first) + " events from "
               + text_of(first) + " to " + text_of(head));
    else if (there > 0 && count.number(1) != bytes_in)
      out_.add(ns + ": the sum of its events' bytes is not what its log says");
    sqlite_statement beyond{db_, "SELECT count(*) FROM events WHERE pos > ? AND pos < ?"};
    beyond.with(place(head), place(std::uint64_t{1} << 40)).step();
    if (beyond.number(0) > 0) out_.add(ns + ": has " + text_of(beyond.number(0)) + " events beyond its head");
    check_told(ns, epoch, head);
  }

  void check_told(const std::string& ns, const std::string& epoch, std::uint64_t head) {
    auto* told = witness_->find(ns);
    if (told == nullptr) return;
    if (told->epoch != epoch)
      out_.add(ns + ": is history " + epoch + ", and " + told->epoch + " was acknowledged");
    else if (told->head > head)
      out_.add(ns + ": ends at " + text_of(head) + ", and " + text_of(told->head) + " was acknowledged");
    else if (told->suspect)
      out_.add(ns + ": the machine stopped while it was written to");
  }

  void check_keys() {
    out_.keys = static_cast<std::uint64_t>(db_.number("SELECT count(*) FROM keys"));
    auto strays = db_.number("SELECT count(*) FROM keys WHERE ns NOT IN (SELECT id FROM namespaces)");
    if (strays > 0) out_.add(path_ + ": " + std::to_string(strays) + " keys belong to no namespace");
    sqlite_statement rows{db_, "SELECT n.name, k.key, k.value, ifnull(l.head, 0) FROM keys k "
                               "JOIN namespaces n ON n.id = k.ns LEFT JOIN logs l ON l.ns = k.ns "
                               "WHERE k.key >= 'cursor/' AND k.key < 'cursor0'"};
    while (rows.step()) {
      auto cursor = nlohmann::json::parse(std::string{rows.text(2)}, nullptr, false);
      auto name = std::string{rows.text(0)} + ": the " + std::string{rows.text(1)};
      if (!cursor.is_object() || !cursor.contains("cursor") || !cursor["cursor"].is_number_unsigned())
        out_.add(name + " cannot be read");
      else if (cursor["cursor"].get<std::uint64_t>() > rows.number(3))
        out_.add(name + " is beyond the head of its log");
    }
  }

  std::string path_;
  sqlite_db db_;
  store_findings& out_;
  std::unique_ptr<witness> witness_;
};

refusal cannot_look(const std::string& path, std::string why) {
  return {code::unavailable, "unavailable", path + ": " + std::move(why), 0, {}, 0, 0};
}

} // namespace

std::variant<store_findings, refusal> verify_sqlite_store(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return cannot_look(path, "there is no such file");
  store_findings out;
  try {
    sqlite_verifier{path, out}.run();
  } catch (const sqlite_error& error) {
    std::string_view cause{error.cause()};
    if (cause == "locked")
      return cannot_look(path, "a node has it open; it can be looked at when that has ended");
    if (cause != "corrupt") return cannot_look(path, error.message);
    out.add(path + ": " + error.message);
  }
  return out;
}

} // namespace weir
