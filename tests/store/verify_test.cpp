#include "actors/store/redis/verify_redis.hpp"
#include "actors/store/sqlite/sqlite_db.hpp"
#include "actors/store/sqlite/verify_sqlite.hpp"
#include "tests/store/store_kinds.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace weir;
using namespace weir::test;
namespace fs = std::filesystem;

namespace {

bool says(const store_findings& x, const std::string& words) {
  auto has = [&](auto& line) { return line.find(words) != std::string::npos; };
  return std::any_of(x.problems.begin(), x.problems.end(), has);
}

void fill(store& to) {
  commit_one(to, append("demo", 1, 20));
  commit_one(to, log_trim{"demo", 5});
  commit_one(to, append("other", 1, 3));
  commit_one(to, key_put{"demo", "cursor/orchestrator", R"({"cursor":20,"unfinished":[]})", 0, {}});
  commit_one(to, key_put{"demo", "k", "v", 1, {}});
}

} // namespace

TEST_CASE("a store file that is as it should be has nothing wrong, and stays as it is", "[verify]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  { fill(*must(open_sqlite_store({.path = path}))); }
  auto before = fs::last_write_time(path);
  auto found = must(verify_sqlite_store(path));
  CHECK(found.problems.empty());
  CHECK(found.logs == 2);
  CHECK(found.events == 19);
  CHECK(found.keys == 2);
  CHECK(fs::last_write_time(path) == before);
  CHECK(must(must(open_sqlite_store({.path = path}))->state_of_log("demo")).head == 20);
}

TEST_CASE("what is wrong with a store file is told by name", "[verify]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  { fill(*must(open_sqlite_store({.path = path}))); }
  struct damage {
    const char* sql;
    const char* words;
  };
  auto x = GENERATE(
      damage{"DELETE FROM events WHERE pos & 0xffffffff = 7", "demo: has 15 of the 16 events from 5 to 20"},
      damage{"UPDATE logs SET head = 2 WHERE head = 3", "other: ends at 2, and 3 was acknowledged"},
      damage{"UPDATE logs SET head = 2 WHERE head = 3", "other: has 1 events beyond its head"},
      damage{"UPDATE logs SET epoch = 'e9' WHERE head = 3", "other: is history e9, and e1 was acknowledged"},
      damage{"UPDATE logs SET bytes_in = bytes_in + 1 WHERE head = 3", "other: the sum of its events' bytes"},
      damage{"UPDATE keys SET value = '{\"cursor\":21,\"unfinished\":[]}' WHERE key LIKE 'cursor/%'",
             "demo: the cursor/orchestrator is beyond the head of its log"},
      damage{"UPDATE keys SET ns = 99 WHERE key = 'k'", "1 keys belong to no namespace"},
      damage{"DROP TABLE ids", "has no table ids"});
  sqlite_db{path}.exec(x.sql);
  auto found = must(verify_sqlite_store(path));
  INFO(x.words);
  for (auto& line : found.problems) UNSCOPED_INFO(line);
  CHECK(says(found, x.words));
}

TEST_CASE("a store file that others can read, or whose pages are damaged, is told of", "[verify]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  {
    auto x = must(open_sqlite_store({.path = path}));
    commit_one(*x, append("demo", 1, 2000));
  }
  fs::permissions(path, fs::perms{0644});
  CHECK(says(must(verify_sqlite_store(path)), "weir.db: can be read by others"));
  {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(fs::file_size(path) / 2));
    file << std::string(20'000, '\x5a');
  }
  CHECK(must(verify_sqlite_store(path)).problem_count > 1);
}

TEST_CASE("a store file that cannot be looked at is refused by name", "[verify]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  auto refused = [&] { return std::get<refusal>(verify_sqlite_store(path)).message; };
  CHECK(refused().find("there is no such file") != std::string::npos);
  auto x = must(open_sqlite_store({.path = path}));
  fill(*x);
  CHECK(refused().find("a node has it open") != std::string::npos);
  x.reset();
  sqlite_db{folder.file("other.db")}.exec("CREATE TABLE t(x)");
  path = folder.file("other.db");
  CHECK(refused().find("another program") != std::string::npos);
}

TEST_CASE("what is wrong with a Redis is told by name, also while a node is at work", "[verify][redis]") {
  auto& server = empty_redis();
  auto x = must(open_redis_store(config_for(server)));
  fill(*x);
  auto look = [&] { return must(verify_redis_store(config_for(server))); };
  auto found = look();
  CHECK(found.problems.empty());
  CHECK(found.logs == 2);
  CHECK(found.events == 19);
  struct damage {
    const char* command;
    const char* words;
  };
  auto what = GENERATE(damage{"DEL weir:{demo}:log", "demo: has 0 of the 16 events from 5 to 20"},
                       damage{"DEL weir:{demo}:state", "demo: has events, and no state of its log"},
                       damage{"DEL weir:{demo}:ids", "demo: has no index of event ids"},
                       damage{"XDEL weir:{demo}:log 7-0", "demo: has 15 of the 16 events from 5 to 20"},
                       damage{"DEL weir:{demo}:names", "demo: has 2 keys and 0 names of keys"},
                       damage{"DEL weir:{demo}:keys", "demo: more keys expire than there are"});
  server.ask(what.command);
  found = look();
  INFO(what.words);
  for (auto& line : found.problems) UNSCOPED_INFO(line);
  CHECK(says(found, what.words));
  auto gone = config_for(server);
  gone.server.port = 1;
  CHECK(std::holds_alternative<refusal>(verify_redis_store(gone)));
}
