#include "tests/store/store_kinds.hpp"

#include "actors/store/sqlite/sqlite_log.hpp"

#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

using namespace weir;
using namespace weir::test;

namespace {

/// Runs SQL on a file that no store has open.
void run_sql(const std::string& path, const std::string& sql) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  char* error = nullptr;
  auto rc = sqlite3_exec(db, sql.c_str(), nullptr, nullptr, &error);
  INFO((error ? error : ""));
  REQUIRE(rc == SQLITE_OK);
  sqlite3_close(db);
}

refusal refused_open(const sqlite_config& cfg) {
  auto out = open_sqlite_store(cfg);
  auto* no = std::get_if<refusal>(&out);
  if (no == nullptr) FAIL("it opened");
  CHECK(no->status == code::unavailable);
  CHECK(no->message.find(cfg.path) != std::string::npos);
  return *no;
}

bool says(const refusal& no, const std::string& what) {
  INFO(no.message << "; " << no.detail);
  return no.message.find(what) != std::string::npos || no.detail.find(what) != std::string::npos;
}

/// The tables as version 1 made them, with a log of two events.
constexpr const char* version_1 = R"(
  CREATE TABLE counters(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE namespaces(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
  CREATE TABLE logs(id INTEGER PRIMARY KEY, ns INTEGER UNIQUE, epoch TEXT NOT NULL, first_kept INTEGER NOT NULL,
                    head INTEGER NOT NULL, swept_to INTEGER NOT NULL, bytes_in INTEGER NOT NULL,
                    bytes_out INTEGER NOT NULL, ids_to INTEGER NOT NULL, ids_freed_to INTEGER NOT NULL);
  CREATE INDEX logs_to_sweep ON logs(id) WHERE ns IS NULL OR swept_to < first_kept OR ids_freed_to < swept_to >> 16;
  CREATE TABLE events(pos INTEGER PRIMARY KEY, bytes_in INTEGER NOT NULL, ts_ms INTEGER NOT NULL,
                      causal_gap INTEGER NOT NULL, type TEXT NOT NULL, client_id TEXT NOT NULL,
                      message_id TEXT NOT NULL, prev_event_id TEXT NOT NULL, recipient TEXT NOT NULL,
                      data TEXT NOT NULL);
  CREATE TABLE ids(block INTEGER NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY(block, entry)) WITHOUT ROWID;
  CREATE TABLE keys(ns INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
                    value BLOB NOT NULL, PRIMARY KEY(ns, key)) WITHOUT ROWID;
  CREATE INDEX keys_by_expiry ON keys(expires_ms) WHERE expires_ms > 0;
  CREATE TABLE leases(name TEXT PRIMARY KEY, owner TEXT NOT NULL, epoch INTEGER NOT NULL,
                      expires_ms INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO counters VALUES ('version', 7), ('opened', 3), ('id_seed', 5);
  INSERT INTO namespaces VALUES (1, 'demo');
  INSERT INTO logs VALUES (4, 1, 'e1', 1, 2, 1, 400, 0, 0, 0);
  INSERT INTO events VALUES
    ((4 << 40) + 1, 200, 1001, 0, 'chat.x', 'alice', 'm1', '', '', '{"n":1}'),
    ((4 << 40) + 2, 400, 1002, 1, 'chat.y', 'alice', 'm2', 'alice/m1', 'bob', '{"n":2}');
  INSERT INTO keys VALUES (1, 'k', 7, 0, 'v');
  PRAGMA user_version = 1;
  PRAGMA application_id = 1466263922;
)";

} // namespace

TEST_CASE("everything is there again when a store is opened again") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db")};
  std::uint64_t version = 0;
  lease_grant lease;
  {
    auto x = must(open_sqlite_store(cfg));
    commit_one(*x, append("demo", 1, 10));
    commit_one(*x, log_trim{"demo", 4});
    version = commit_one(*x, key_put{"demo", "k", "v", 5000, {}}).version;
    lease = must(x->acquire("ns/demo", "n1", 100, 0));
  }
  auto x = must(open_sqlite_store(cfg));
  auto state = must(x->state_of_log("demo"));
  CHECK(state.epoch == "e1");
  CHECK(state.head == 10);
  CHECK(state.first_kept == 4);
  CHECK(must(x->find_event("demo", "alice", "m4"))->seq == 4);
  commit_one(*x, append("demo", 11, 11));
  CHECK(must(x->read_log("demo", all_after(0))).records.size() == 8);
  CHECK(must(x->get("demo", "k", 4999))->version == version);
  CHECK(!must(x->get("demo", "k", 5000)));
  CHECK(commit_one(*x, key_put{"demo", "l", "w", 0, {}}).version > version);
  CHECK(must(x->renew("ns/demo", "n1", lease.epoch, 100, 50)).granted);
}

TEST_CASE("a file of schema version 1 is brought up to date without a loss") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db")};
  run_sql(cfg.path, version_1);
  for (int i = 0; i < 2; ++i) { // the second time it is version 2
    auto x = must(open_sqlite_store(cfg));
    auto out = must(x->read_log("demo", all_after(0, 2)));
    REQUIRE(out.records.size() == 2);
    CHECK(out.records[1].what->data == R"({"n":2})");
    CHECK(out.records[1].what->to == "bob");
    for (auto& r : out.records) CHECK(r.content_hash == content_hash(*r.what));
    auto marks = must(x->newest_ids("demo", 10, 600'000));
    CHECK(marks.at(0).content_hash == out.records[0].content_hash);
    CHECK(must(x->get("demo", "k", 0))->value == "v");
    commit_one(*x, append("demo", 3 + i, 3 + i));
    CHECK(must(x->find_event("demo", "alice", "m3"))->content_hash == record(3).content_hash);
  }
}

TEST_CASE("a file of a newer schema or of another program is refused and left as it is") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db")};
  run_sql(cfg.path, std::string{version_1} + "PRAGMA user_version = 3;");
  CHECK(says(refused_open(cfg), "schema version 3"));
  run_sql(cfg.path, "PRAGMA user_version = 1");
  must(open_sqlite_store(cfg));

  cfg.path = folder.file("other.db");
  run_sql(cfg.path, "CREATE TABLE theirs(x); PRAGMA journal_mode = DELETE");
  CHECK(says(refused_open(cfg), "another program"));
  CHECK(!std::filesystem::exists(cfg.path + "-wal"));
}

TEST_CASE("a store that cannot be opened says why and names the file") {
  temp_folder folder;
  CHECK(says(refused_open({.path = folder.file("missing/weir.db")}), "does not exist"));
  CHECK(says(refused_open({.path = folder.path().string()}), "unable to open"));

  auto garbage = folder.file("garbage.db");
  std::ofstream{garbage} << std::string(8192, 'x');
  CHECK(says(refused_open({.path = garbage}), "not a database"));
}

TEST_CASE("a folder that cannot be written to is refused at the start") {
  temp_folder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms{0555});
  int answer[2];
  REQUIRE(pipe(answer) == 0);
  auto child = fork();
  if (child == 0) {
    // Root may write anywhere, so this is tried as somebody else.
    if (geteuid() == 0 && setuid(65534) != 0) _exit(2);
    auto x = open_sqlite_store({.path = folder.file("weir.db")});
    auto* no = std::get_if<refusal>(&x);
    auto said = no ? no->message : "it opened";
    _exit(::write(answer[1], said.data(), said.size()) < 0);
  }
  close(answer[1]);
  char said[512]{};
  CHECK(::read(answer[0], said, sizeof(said) - 1) > 0);
  close(answer[0]);
  waitpid(child, nullptr, 0);
  CHECK(std::string{said}
        == folder.file("weir.db") + ": the folder " + folder.path().string() + " cannot be written to");
}

TEST_CASE("a store that another process has is refused until that is gone") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db"), .busy_timeout_ms = 0};
  int ready[2];
  REQUIRE(pipe(ready) == 0);
  auto child = fork();
  if (child == 0) {
    auto x = open_sqlite_store(cfg);
    char ok = std::holds_alternative<refusal>(x) ? 'n' : 'y';
    if (::write(ready[1], &ok, 1) == 1) pause();
    _exit(1);
  }
  char ok = 0;
  REQUIRE(::read(ready[0], &ok, 1) == 1);
  CHECK(ok == 'y');
  CHECK(says(refused_open(cfg), "in use by another process"));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  CHECK(must(open_sqlite_store(cfg)) != nullptr);
  close(ready[0]);
  close(ready[1]);
}

TEST_CASE("a corrupt file is an answer, not a crash, and not an empty log") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db")};
  {
    auto x = must(open_sqlite_store(cfg));
    commit_one(*x, append("demo", 1, 5000));
  }
  {
    std::fstream file{cfg.path, std::ios::in | std::ios::out | std::ios::binary};
    auto size = std::filesystem::file_size(cfg.path);
    file.seekp(static_cast<std::streamoff>(size / 4));
    file << std::string(size / 2, '\x5a');
  }
  auto opened = open_sqlite_store(cfg);
  if (std::holds_alternative<refusal>(opened)) return;
  auto x = must(std::move(opened));
  auto out = x->read_log("demo", all_after(0, 5000)); // a part at a time
  for (auto* part = std::get_if<log_read>(&out); part != nullptr && part->read_to < 5000;
       part = std::get_if<log_read>(&out))
    out = x->read_log("demo", all_after(part->read_to, 5000));
  auto* no = std::get_if<refusal>(&out);
  REQUIRE(no);
  CHECK(no->status == code::unavailable);
  CHECK(says(*no, "malformed"));
  CHECK(says(*no, cfg.path));
}

TEST_CASE("a full disk refuses a group whole, and service goes on when there is room again") {
  temp_folder folder;
  auto x = must(open_sqlite_store({.path = folder.file("weir.db"), .file_bytes = 512 * 1024}));
  std::uint64_t head = 0;
  group_result out;
  while (!out.no.refused()) {
    auto more = append("demo", head + 1, head + 100);
    store_batch first{
        1, durability::process, {{key_put{"demo", "head", std::to_string(head + 100), 0, {}}, {}}}};
    store_batch second{2, durability::process, {{more, {}}}};
    std::vector<const store_batch*> group{&first, &second};
    out = x->write(group, 0);
    if (!out.no.refused()) head += 100;
    REQUIRE(head < 100'000);
  }
  CHECK(out.no.status == code::unavailable);
  CHECK(out.no.retry_after_ms > 0);
  CHECK(out.cause == "full");
  CHECK(says(out.no, "full"));
  CHECK(out.batches.empty());

  // Nothing of the group is there, what was there is, and reading goes on.
  REQUIRE(head > 500);
  CHECK(must(x->get("demo", "head", 0))->value == std::to_string(head));
  CHECK(must(x->state_of_log("demo")).head == head);
  CHECK(!must(x->find_event("demo", "alice", "m" + std::to_string(head + 1))));

  commit_one(*x, log_trim{"demo", head - 100});
  while (must(x->sweep(0, 256)) > 0) {
  }
  commit_one(*x, append("demo", head + 1, head + 100));
  CHECK(must(x->find_event("demo", "alice", "m" + std::to_string(head + 100)))->seq == head + 100);
}

TEST_CASE("a trim frees in bounded steps and leaves the rest to the sweep") {
  in_sqlite kind;
  commit_one(*kind, append("demo", 1, 5000));
  commit_one(*kind, log_trim{"demo", 5001});
  CHECK(must((*kind).state_of_log("demo")).count() == 0);
  CHECK(must((*kind).sweep(0, 1000)) == 1000);
  CHECK(must((*kind).sweep(0, 10'000)) == 4000 - sqlite_log::trim_step);
  CHECK(must((*kind).sweep(0, 10'000)) == 0);
}

TEST_CASE("a reset's old events are freed by the sweep, and the new history is left alone") {
  in_sqlite kind;
  commit_one(*kind, append("demo", 1, 100));
  commit_one(*kind, log_reset{"demo", "e2"});
  commit_one(*kind, append("demo", 1, 10, "e2"));
  CHECK(must((*kind).sweep(0, 60)) == 60);
  CHECK(must((*kind).sweep(0, 60)) == 40);
  CHECK(must((*kind).sweep(0, 60)) == 0);
  CHECK(must((*kind).read_log("demo", all_after(0))).records.size() == 10);
}

TEST_CASE("an event is found across the blocks of the index, which are freed with their events") {
  temp_folder folder;
  sqlite_config cfg{.path = folder.file("weir.db")};
  auto x = must(open_sqlite_store(cfg));
  auto block = std::uint64_t{1} << sqlite_id_index::block_bits;
  auto n = 2 * block + 10;
  for (std::uint64_t seq = 1; seq <= n; seq += 10'000)
    commit_one(*x, append("demo", seq, std::min(seq + 9999, n)));
  auto seq_found = [&x](std::uint64_t seq) {
    auto found = must(x->find_event("demo", "alice", "m" + std::to_string(seq)));
    return found ? found->seq : 0;
  };
  for (auto seq : {std::uint64_t{1}, block - 1, block, n / 2, n - 100, n}) CHECK(seq_found(seq) == seq);
  CHECK(seq_found(0) == 0);

  x.reset(); // what is not in the file's index yet is read again
  x = must(open_sqlite_store(cfg));
  for (auto seq : {std::uint64_t{1}, block, n}) CHECK(seq_found(seq) == seq);
  commit_one(*x, append("demo", n + 1, n + 10));
  CHECK(seq_found(n + 10) == n + 10);

  commit_one(*x, log_trim{"demo", block + 5});
  CHECK(seq_found(block) == 0);
  CHECK(seq_found(block + 5) == block + 5);
  std::uint64_t freed = 0;
  while (auto step = must(x->sweep(0, 1000))) {
    CHECK(step <= 1000);
    freed += step;
  }
  auto at_once = sqlite_log::trim_step;
  CHECK(freed == block + 4 - at_once + block - 1); // events, and the ids of the first block
  CHECK(seq_found(n) == n);

  commit_one(*x, log_reset{"demo", "e2"});
  while (must(x->sweep(0, 10'000)) > 0) {
  }
  x.reset();
  run_sql(cfg.path,
          "CREATE TEMP TABLE empty(n CHECK (n = 0)); INSERT INTO empty SELECT count(*) FROM events;"
          "INSERT INTO empty SELECT count(*) FROM ids; INSERT INTO empty SELECT count(*) - 1 FROM logs");
}

TEST_CASE("more namespaces than are kept in memory have their logs all the same") {
  in_sqlite kind;
  auto name = [](std::size_t i) { return "ns" + std::to_string(i); };
  auto total = sqlite_log::max_cached + 500;
  for (std::size_t round = 1; round <= 2; ++round)
    for (std::size_t i = 0; i < total; i += 500) {
      store_batch batch;
      for (auto k = i; k < i + 500; ++k) batch.writes.push_back({append(name(k), round, round), {}});
      auto out = (*kind).write(batch, 0).batches.at(0);
      REQUIRE(std::none_of(out.begin(), out.end(), [](auto& x) { return x.no.refused(); }));
    }
  CHECK(must((*kind).state_of_log(name(0))).head == 2);
  CHECK(must((*kind).state_of_log(name(total - 1))).head == 2);
}
