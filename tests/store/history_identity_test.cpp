// A store that comes back with less than was acknowledged says so, whatever took it.

#include "actors/store/sqlite/sqlite_db.hpp"
#include "tests/store/store_kinds.hpp"

#include <catch2/generators/catch_generators.hpp>

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

std::unique_ptr<store> open_at(const std::string& path, const std::string& machine_life = "one") {
  return must(open_sqlite_store({.path = path, .machine_life = machine_life}));
}

void append_kept(store& to, std::uint64_t first, std::uint64_t last, durability keep,
                 const std::string& epoch) {
  store_batch batch{1, keep, {{append("demo", first, last, epoch), {}}}};
  auto out = to.write(batch, 0);
  REQUIRE(!out.no.refused());
  REQUIRE(!out.batches.at(0).at(0).no.refused());
}

void append_kept(store& to, std::uint64_t first, std::uint64_t last, durability keep = durability::process) {
  append_kept(to, first, last, keep, "e1");
}

/// What is on the disk when the process is killed.
std::string as_killed(const temp_folder& from, const std::string& name) {
  auto to = from.file(name);
  fs::create_directories(to);
  for (auto* suffix : {"", "-wal", "-witness"})
    fs::copy_file(from.file("weir.db") + suffix, to + "/weir.db" + suffix);
  return to + "/weir.db";
}

/// A new epoch makes it whole again: what is there stays, and goes on.
void check_goes_on(store& x, std::uint64_t head) {
  commit_one(x, log_rename{"demo", "e2"});
  auto now = must(x.state_of_log("demo"));
  CHECK(now.integrity == log_integrity::whole);
  CHECK(now.epoch == "e2");
  CHECK(now.head == head);
  CHECK(commit(x, 0, append("demo", head + 1, head + 1)).at(0).no.reason == store_reason::other_epoch);
  commit_one(x, append("demo", head + 1, head + 1, "e2"));
  CHECK(must(x.read_log("demo", all_after(0))).records.size() == head + 1);
}

} // namespace

WEIR_STORE_TEST("a log that is renamed keeps its events and goes on after its head") {
  TestType x;
  commit_one(*x, append("demo", 1, 5));
  commit_one(*x, log_trim{"demo", 3});
  commit_one(*x, log_rename{"demo", "e2"});
  auto state = must((*x).state_of_log("demo"));
  CHECK(state.epoch == "e2");
  CHECK(state.first_kept == 3);
  CHECK(state.head == 5);
  CHECK(state.integrity == log_integrity::whole);
  CHECK(commit(*x, 0, append("demo", 6, 6)).at(0).no.reason == store_reason::other_epoch);
  commit_one(*x, append("demo", 6, 7, "e2"));
  CHECK(must((*x).read_log("demo", all_after(0))).records.size() == 5);
  CHECK(must((*x).find_event("demo", "alice", "m4"))->seq == 4);
  commit_one(*x, log_rename{"empty", "e7"}); // begins one
  CHECK(must((*x).state_of_log("empty")).epoch == "e7");
  commit_one(*x, append("empty", 1, 1, "e7"));
}

TEST_CASE("a write-ahead log that was cut or damaged is noticed, also of what was synchronised",
          "[identity]") {
  temp_folder folder;
  auto keep = GENERATE(durability::process, durability::power);
  std::string killed;
  {
    { append_kept(*open_at(folder.file("weir.db")), 1, 3, keep); } // moved into the file
    auto x = open_at(folder.file("weir.db"));
    append_kept(*x, 4, 4, keep);
    append_kept(*x, 5, 6, keep);
    killed = as_killed(folder, "killed");
  }
  auto wal = killed + "-wal";
  auto size = fs::file_size(wal);
  switch (GENERATE(0, 1, 2, 3)) {
  case 0: { // as it was: nothing is missing
    auto x = open_at(killed);
    auto state = must(x->state_of_log("demo"));
    CHECK(state.integrity == log_integrity::whole);
    CHECK(state.head == 6);
    return;
  }
  case 1:
    fs::resize_file(wal, size - 100);
    break;
  case 2:
    fs::resize_file(wal, 0);
    break;
  default: {
    std::fstream file{wal, std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(size - 2000));
    file.write("\x55\xaa\x55\xaa", 4);
  }
  }
  auto x = open_at(killed);
  auto state = must(x->state_of_log("demo"));
  CHECK(state.head >= 3);
  CHECK(state.head < 6);
  CHECK(state.integrity == log_integrity::behind);
  CHECK(!state.why.empty());
  check_goes_on(*x, state.head);
}

TEST_CASE("a store file that was put back from a copy is noticed", "[identity]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  { append_kept(*open_at(path), 1, 3); }
  fs::copy_file(path, folder.file("copy"));
  { append_kept(*open_at(path), 4, 6); }
  fs::remove(path);
  fs::copy_file(folder.file("copy"), path);
  auto x = open_at(path);
  CHECK(must(x->state_of_log("demo")).integrity == log_integrity::behind);
  check_goes_on(*x, 3);
  x.reset();
  // A copy of the history before the last one has other events under the same positions.
  fs::remove(path);
  fs::copy_file(folder.file("copy"), path);
  x = open_at(path);
  CHECK(must(x->state_of_log("demo")).integrity == log_integrity::behind);
}

TEST_CASE("what was not synchronised cannot be vouched for after the machine has stopped", "[identity]") {
  temp_folder folder;
  auto keep = GENERATE(durability::process, durability::power);
  std::string killed;
  {
    auto x = open_at(folder.file("weir.db"));
    append_kept(*x, 1, 3, keep);
    killed = as_killed(folder, "killed");
  }
  auto expected = keep == durability::power ? log_integrity::whole : log_integrity::behind;
  CHECK(must(open_at(killed, "two")->state_of_log("demo")).integrity == expected);
  CHECK(must(open_at(folder.file("weir.db"), "two")->state_of_log("demo")).integrity == log_integrity::whole);
}

TEST_CASE("a store whose file is removed or replaced while it is open acknowledges nothing more",
          "[identity]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  auto x = open_at(path);
  append_kept(*x, 1, 3);
  CHECK(!x->check().refused());
  fs::rename(path, path + ".away");
  if (GENERATE(false, true)) std::ofstream{path} << "another";
  auto no = x->check();
  CHECK(no.status == code::unavailable);
  CHECK(no.detail.find("removed or replaced") != std::string::npos);
  auto out = x->write({1, durability::process, {{append("demo", 4, 4), {}}}}, 0);
  CHECK(out.no.status == code::unavailable);
  CHECK(out.cause == "lost");
  CHECK(std::holds_alternative<refusal>(x->acquire("l", "me", 100, 0)));
}

TEST_CASE("a store file and what stands beside it are their owner's alone", "[identity]") {
  temp_folder folder;
  auto path = folder.file("data/weir.db");
  fs::create_directories(folder.file("data"));
  fs::permissions(folder.file("data"), fs::perms{0755});
  auto there_before = GENERATE(false, true);
  if (there_before) {
    { append_kept(*open_at(path), 1, 1); }
    for (auto* suffix : {"", "-witness"}) fs::permissions(path + suffix, fs::perms{0644});
  }
  auto x = open_at(path);
  append_kept(*x, there_before ? 2 : 1, 5);
  int files = 0;
  for (auto& entry : fs::directory_iterator{folder.file("data")}) {
    ++files;
    INFO(entry.path().string());
    CHECK((entry.status().permissions() & fs::perms{0777}) == fs::perms{0600});
  }
  CHECK(files >= 3);
}

TEST_CASE("a log whose events are not in the file is broken, and begins anew", "[identity]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  { append_kept(*open_at(path), 1, 5); }
  {
    sqlite_db raw{path};
    raw.exec(GENERATE("DELETE FROM events", "DELETE FROM events WHERE pos & 0xffffffff = 5",
                      "DELETE FROM events WHERE pos & 0xffffffff = 1"));
  }
  auto x = open_at(path);
  CHECK(must(x->state_of_log("demo")).integrity == log_integrity::broken);
  commit_one(*x, log_reset{"demo", "e2"});
  CHECK(must(x->state_of_log("demo")).integrity == log_integrity::whole);
  commit_one(*x, append("demo", 1, 1, "e2"));
}

TEST_CASE("a store file without one of its tables is refused by name", "[identity]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  { append_kept(*open_at(path), 1, 5); }
  std::string table = GENERATE("events", "logs", "keys", "namespaces", "ids", "leases", "counters");
  sqlite_db{path}.exec("DROP TABLE " + table);
  auto out = open_sqlite_store({.path = path});
  REQUIRE(std::holds_alternative<refusal>(out));
  CHECK((std::get<refusal>(out).message + std::get<refusal>(out).detail).find(table) != std::string::npos);
}

// -- Redis

namespace {

redis_config config_with_witness(const redis_server& at, const std::string& path) {
  auto out = config_for(at);
  out.timeout_ms = 500;
  out.retry = {1ms, 20ms};
  out.witness_path = path;
  return out;
}

template <class F>
auto when_it_is_back(F call) {
  for (int i = 0; i < 1000; ++i, std::this_thread::sleep_for(5ms))
    if (auto out = call(); !std::holds_alternative<refusal>(out)) return must(std::move(out));
  FAIL("it is refused for ever");
  return must(call());
}

log_state state_when_back(store& x) {
  return when_it_is_back([&] { return x.state_of_log("demo"); });
}

} // namespace

TEST_CASE("a Redis that comes back with an older dump is noticed by who wrote to it", "[identity][redis]") {
  redis_server server{{"--appendonly", "no"}};
  temp_folder folder;
  auto cfg = config_with_witness(server, folder.file("w"));
  auto x = must(open_redis_store(cfg));
  commit_one(*x, append("demo", 1, 3));
  server.ask("SAVE");
  commit_one(*x, append("demo", 4, 5));
  server.kill();
  server.start();
  switch (GENERATE(0, 1, 2)) {
  case 0: // the node lives
    break;
  case 1: // it was started again
    x.reset();
    x = must(open_redis_store(cfg));
    break;
  default: // another one comes, which knows nothing but that the server began another life
    cfg.witness_path.clear();
    x.reset();
    x = must(open_redis_store(cfg));
  }
  auto state = state_when_back(*x);
  CHECK(state.head == 3);
  CHECK(state.integrity == log_integrity::behind);
  CHECK(!state.why.empty());
  check_goes_on(*x, 3);
}

TEST_CASE("a Redis that was only started again, and had all on its disk, is trusted by everybody",
          "[identity][redis]") {
  redis_server server; // appendfsync always
  auto cfg = config_with_witness(server, {});
  auto x = must(open_redis_store(cfg));
  commit_one(*x, append("demo", 1, 3));
  server.kill();
  server.start();
  CHECK(state_when_back(*x).integrity == log_integrity::whole);
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).integrity == log_integrity::whole);
}

TEST_CASE("the only writer of a Redis knows that nothing is lost where others can only suspect it",
          "[identity][redis]") {
  redis_server server{{"--appendfsync", "everysec"}};
  temp_folder folder;
  auto cfg = config_with_witness(server, folder.file("w"));
  commit_one(*must(open_redis_store(cfg)), append("demo", 1, 3));
  server.kill();
  server.start();
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).integrity == log_integrity::whole);
  cfg.shared = true;
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).integrity == log_integrity::behind);
}

TEST_CASE("a Redis that was a replica of an older one in between is noticed", "[identity][redis]") {
  redis_server server, older;
  auto cfg = config_with_witness(server, {});
  { commit_one(*must(open_redis_store(config_for(older))), append("demo", 1, 3)); }
  auto x = must(open_redis_store(cfg));
  commit_one(*x, append("demo", 1, 5));
  server.ask("REPLICAOF 127.0.0.1 " + std::to_string(older.port()));
  for (int i = 0; i < 2000 && server.ask("HGET weir:{demo}:state head") != "3"; ++i)
    std::this_thread::sleep_for(5ms);
  server.ask("REPLICAOF NO ONE");
  if (GENERATE(false, true)) x = must(open_redis_store(cfg)); // one that has seen nothing of it
  auto state = state_when_back(*x);
  CHECK(state.head == 3);
  CHECK(state.integrity == log_integrity::behind);
  check_goes_on(*x, 3);
}

TEST_CASE("a log that has lost one of its keys in Redis is broken or gone, and its appends are refused",
          "[identity][redis]") {
  auto& server = empty_redis();
  auto x = must(open_redis_store(config_for(server)));
  commit_one(*x, append("demo", 1, 5));
  commit_one(*x, log_trim{"demo", 2});
  std::string part = GENERATE("log", "ids", "state");
  server.ask("DEL weir:{demo}:" + part);
  if (part == "log")
    for (int i = 0; i < 2; ++i)
      CHECK(commit(*x, 0, append("demo", 6, 6)).at(0).no.reason == store_reason::out_of_order);
  auto state = must(x->state_of_log("demo"));
  if (part == "state")
    CHECK(state.epoch.empty());
  else
    CHECK(state.integrity == log_integrity::broken);
  commit_one(*x, log_reset{"demo", "e2"});
  CHECK(must(x->state_of_log("demo")).integrity == log_integrity::whole);
  commit_one(*x, append("demo", 1, 4, "e2"));
  commit_one(*x, log_trim{"demo", 3});
  CHECK(seqs(must(x->read_log("demo", all_after(0)))) == std::vector<std::uint64_t>{3, 4});
}

TEST_CASE("a Redis that no longer does what power promises is noticed while it runs", "[identity][redis]") {
  redis_server server;
  auto cfg = config_for(server);
  cfg.needs_power = true;
  cfg.look_every = 0ms;
  auto x = must(open_redis_store(cfg));
  append_kept(*x, 1, 1, durability::power);
  CHECK(!x->check().refused());
  auto setting = GENERATE(0, 1, 2);
  const char* off[] = {"CONFIG SET appendonly no", "CONFIG SET appendfsync everysec",
                       "CONFIG SET maxmemory-policy allkeys-lru"};
  const char* on[] = {"CONFIG SET appendonly yes", "CONFIG SET appendfsync always",
                      "CONFIG SET maxmemory-policy noeviction"};
  if (setting == 2) server.ask("CONFIG SET maxmemory 1gb");
  server.ask(off[setting]);
  CHECK(x->check().status == code::unavailable);
  auto write = [&](std::uint64_t seq, durability keep) {
    auto out = x->write({1, keep, {{append("demo", seq, seq), {}}}}, 0);
    return out.no.refused() ? out.no.status : out.batches.at(0).at(0).no.status;
  };
  CHECK(write(2, durability::power) == code::unavailable);
  // What need not survive a power cut goes on, but nothing does where the server may throw it away.
  auto process = write(2, durability::process);
  CHECK(process == (setting == 2 ? code::unavailable : code::ok));
  server.ask(on[setting]);
  for (int i = 0; i < 1000 && x->check().refused(); ++i) std::this_thread::sleep_for(5ms);
  CHECK(!x->check().refused());
  CHECK(must(x->state_of_log("demo")).head == (setting == 2 ? 1 : 2));
  CHECK(write(setting == 2 ? 2 : 3, durability::power) == code::ok);
}

TEST_CASE("a store file is copied while it is written to, and the copy begins new epochs", "[copy]") {
  temp_folder folder;
  auto path = folder.file("weir.db");
  auto x = open_at(path);
  append_kept(*x, 1, 40'000);
  std::uint64_t head = 40'000;
  std::string copy;
  int steps = 0;
  for (; copy.empty(); ++steps) {
    copy = must(x->copy_some());
    if (!copy.empty()) break;
    append_kept(*x, head + 1, head + 1);
    ++head;
  }
  CHECK(steps > 1); // not all at once
  CHECK(fs::path{copy}.parent_path() == folder.path());
  CHECK((fs::status(copy).permissions() & fs::perms{0777}) == fs::perms{0600});
  append_kept(*x, head + 1, head + 1); // not in the copy
  CHECK(must(x->state_of_log("demo")).epoch == "e1");
  fs::create_directories(folder.file("other"));
  fs::rename(copy, folder.file("other/weir.db"));
  auto y = open_at(folder.file("other/weir.db"));
  auto state = must(y->state_of_log("demo"));
  CHECK(state.head == head);
  CHECK(state.epoch != "e1");
  CHECK(!state.epoch.empty());
  CHECK(state.integrity == log_integrity::whole);
  CHECK(seqs(must(y->read_log("demo", all_after(head - 2)))).size() == 2);
  auto epoch = state.epoch;
  y.reset();
  CHECK(must(open_at(folder.file("other/weir.db"))->state_of_log("demo")).epoch == epoch); // once
  // One that is given up leaves nothing behind.
  CHECK(must(x->copy_some()).empty());
  CHECK(fs::exists(copy));
  x.reset();
  CHECK(!fs::exists(copy));
}
