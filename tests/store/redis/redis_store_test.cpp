#include "tests/store/store_kinds.hpp"

#include "actors/store/redis/redis_log.hpp"

using namespace weir;
using namespace weir::test;

namespace {

std::unique_ptr<store> open_at(const redis_server& at) { return must(open_redis_store(config_for(at))); }

std::string refused_open(const redis_config& cfg) {
  auto out = open_redis_store(cfg);
  auto* no = std::get_if<refusal>(&out);
  if (no == nullptr) FAIL("it opened");
  CHECK(no->status == code::unavailable);
  CHECK(no->message.find("redis at 127.0.0.1:" + std::to_string(cfg.server.port)) == 0);
  return no->message;
}

bool has(const std::string& text, const std::string& what) {
  INFO(text);
  return text.find(what) != std::string::npos;
}

store_batch batch(log_append what, durability keep = durability::process) {
  return {1, keep, {{std::move(what), {}}}};
}

} // namespace

TEST_CASE("a second store of the same server sees what the first one wrote", "[redis]") {
  auto& server = empty_redis();
  auto a = open_at(server), b = open_at(server);
  commit_one(*a, append("demo", 1, 3));
  auto v = commit_one(*a, key_put{"demo", "k", "one", 0, {}}).version;
  CHECK(must(b->state_of_log("demo")).head == 3);
  CHECK(must(b->get("demo", "k", 0))->version == v);
  CHECK(commit(*b, 0, append("demo", 3, 3)).at(0).no.reason == store_reason::out_of_order);
  CHECK(must(b->state_of_log("demo")).head == 3);
  commit_one(*b, append("demo", 4, 4));
  CHECK(commit(*a, 0, append("demo", 4, 4)).at(0).no.reason == store_reason::out_of_order);
  CHECK(commit(*b, 0, key_put{"demo", "k", "two", 0, v}).at(0).version > v);
  CHECK(commit(*a, 0, key_put{"demo", "k", "three", 0, v}).at(0).no.reason == store_reason::version_conflict);
}

TEST_CASE("of two nodes that want one lease one has it, and the deposed one writes nothing more", "[redis]") {
  auto& server = empty_redis();
  auto a = open_at(server), b = open_at(server);
  auto first = must(a->acquire("ns/demo", "n1", 100, 0));
  CHECK(first.granted);
  CHECK(must(b->acquire("ns/demo", "n2", 100, 50)).owner == "n1");
  auto second = must(b->acquire("ns/demo", "n2", 100, 100));
  CHECK(second.granted);
  CHECK(second.epoch > first.epoch);

  store_batch late;
  late.writes = {{append("demo", 1, 1), {"ns/demo", first.epoch}},
                 {log_trim{"demo", 1}, {"ns/demo", first.epoch}},
                 {log_reset{"demo", "mine"}, {"ns/demo", first.epoch}},
                 {key_put{"demo", "k", "v", 0, {}}, {"ns/demo", first.epoch}},
                 {key_delete{"demo", "k", {}}, {"ns/demo", first.epoch}}};
  auto out = a->write(late, 100);
  for (auto& x : out.batches.at(0)) CHECK(x.no.reason == store_reason::fenced);
  CHECK(must(a->state_of_log("demo")).epoch.empty());
  for (auto& x : late.writes) x.guard.epoch = second.epoch;
  out = b->write(late, 100);
  for (auto& x : out.batches.at(0)) CHECK(!x.no.refused());
  CHECK(!must(a->renew("ns/demo", "n1", first.epoch, 100, 100)).granted);
}

TEST_CASE("a node that knows nothing of it frees what another one left", "[redis]") {
  auto& server = empty_redis();
  {
    auto gone = open_at(server);
    commit_one(*gone, append("demo", 1, 2000));
    commit_one(*gone, log_trim{"demo", 1901}); // 512 at once
    for (int i = 0; i < 5; ++i) commit_one(*gone, key_put{"keys", "k" + std::to_string(i), "v", 100, {}});
    CHECK(server.ask("XLEN weir:{demo}:log") == std::to_string(2000 - 512));
    CHECK(must(gone->sweep(0, 0)) == 0); // what it had in mind is written down now
  }
  auto x = open_at(server);
  CHECK(must(x->sweep(0, 1000)) == 1000);
  CHECK(must(x->sweep(0, 1000)) == 388);
  CHECK(must(x->sweep(99, 1000)) == 0);
  CHECK(must(x->sweep(100, 1000)) == 5);
  CHECK(must(x->sweep(100, 1000)) == 0);
  CHECK(server.ask("XLEN weir:{demo}:log") == "100");
  CHECK(server.ask("ZCARD weir:{demo}:ids") == "100");
  for (auto* part : {"keys", "names", "expiry"})
    CHECK(server.ask(std::string{"EXISTS weir:{keys}:"} + part) == "0");
  CHECK(server.ask("EXISTS weir:due") == "0");
}

TEST_CASE("the keys of a namespace share its hash tag, and marks end by themselves", "[redis]") {
  auto& server = empty_redis();
  auto x = open_at(server);
  auto lease = must(x->acquire("ns/demo", "n1", 100, 0));
  store_batch all;
  all.writes = {{append("demo", 1, 1), {"ns/demo", lease.epoch}}, {key_put{"demo", "k", "v", 100, {}}, {}}};
  REQUIRE(!x->write(all, 0).no.refused());
  CHECK(server.ask("DBSIZE") == "9");
  for (auto* part : {"state", "log", "ids", "keys", "names", "expiry", "lease:ns/demo"})
    CHECK(server.ask(std::string{"EXISTS weir:{demo}:"} + part) == "1");
  CHECK(server.ask("EXISTS weir:due") == "1");
  auto marks = server.ask("EVAL return(#redis.call('KEYS','weir:{demo}:mark:*')) 0");
  CHECK(marks == "1");
  CHECK(std::stoi(server.ask("EVAL return(redis.call('TTL',redis.call('KEYS','weir:{demo}:mark:*')[1])) 0"))
        > 0);
}

TEST_CASE("stores with different prefixes or databases know nothing of each other", "[redis]") {
  auto& server = empty_redis();
  auto cfg = config_for(server);
  auto x = must(open_redis_store(cfg));
  commit_one(*x, append("demo", 1, 1));
  cfg.server.database = 3;
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).head == 0);
  cfg.server.database = 0;
  cfg.prefix = "other";
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).head == 0);
}

TEST_CASE("a server that has forgotten the scripts is given them again", "[redis]") {
  auto& server = empty_redis();
  auto x = open_at(server);
  commit_one(*x, append("demo", 1, 1));
  server.ask("SCRIPT FLUSH");
  commit_one(*x, append("demo", 2, 2));
  server.ask("SCRIPT FLUSH");
  CHECK(must(x->read_log("demo", all_after(0))).records.size() == 2);
  server.ask("SCRIPT FLUSH");
  CHECK(must(x->acquire("ns/demo", "n1", 100, 0)).granted);
}

TEST_CASE("a script that fails refuses its own batch only, with 503 and what the server said", "[redis]") {
  auto& server = empty_redis();
  auto x = open_at(server);
  server.ask("SET weir:{bad}:log text");
  auto bad = batch(append("bad", 1, 1)), good = batch(append("good", 1, 1));
  std::vector<const store_batch*> group{&bad, &good};
  auto out = x->write(group, 0);
  CHECK(!out.no.refused());
  CHECK(out.cause == "corrupt");
  CHECK(out.batches[0][0].no.status == code::unavailable);
  CHECK(has(out.batches[0][0].no.detail, "WRONGTYPE"));
  CHECK(!out.batches[1][0].no.refused());
  CHECK(must(x->state_of_log("bad")).head == 0);
  CHECK(must(x->state_of_log("good")).head == 1);
}

TEST_CASE("a full server refuses writes whole, and takes them again when it has room", "[redis]") {
  auto& server = empty_redis();
  auto x = open_at(server);
  commit_one(*x, append("demo", 1, 1));
  server.ask("CONFIG SET maxmemory 1");
  store_batch more{
      1, durability::process, {{append("demo", 2, 9), {}}, {key_put{"demo", "k", "v", 0, {}}, {}}}};
  auto out = x->write(more, 0);
  server.ask("CONFIG SET maxmemory 0");
  CHECK(out.cause == "full");
  for (auto& w : out.batches.at(0)) {
    CHECK(w.no.status == code::unavailable);
    CHECK(!w.maybe_written);
    CHECK(w.no.retry_after_ms > 0);
    CHECK(has(w.no.detail, "OOM"));
  }
  CHECK(must(x->state_of_log("demo")).head == 1);
  CHECK(!x->write(more, 0).batches.at(0).at(0).no.refused());
}

TEST_CASE("a server asks for its password, which is never told to anyone else", "[redis]") {
  redis_server server{{"--requirepass", "s3cret"}};
  auto cfg = config_for(server);
  CHECK(has(refused_open(cfg), "NOAUTH"));
  cfg.server.password = "wr0ng";
  auto said = refused_open(cfg);
  CHECK(has(said, "WRONGPASS"));
  CHECK(!has(said, "wr0ng"));
  cfg.server.password = "s3cret";
  commit_one(*must(open_redis_store(cfg)), append("demo", 1, 1));
  cfg.server.user = "default";
  CHECK(must(must(open_redis_store(cfg))->state_of_log("demo")).head == 1);
}

TEST_CASE("a server that would throw away what is kept is refused", "[redis]") {
  redis_server server{{"--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"}};
  CHECK(has(refused_open(config_for(server)), "maxmemory-policy allkeys-lru"));
  server.ask("CONFIG SET maxmemory-policy noeviction");
  open_at(server);
  server.ask("REPLICAOF 127.0.0.1 1");
  CHECK(has(refused_open(config_for(server)), "is a replica"));
}

TEST_CASE("what is to survive a power cut is refused by a server that promises less", "[redis]") {
  redis_server server{{"--appendfsync", "everysec"}};
  auto cfg = config_for(server);
  auto x = must(open_redis_store(cfg));
  auto safe = batch(append("a", 1, 1), durability::power), usual = batch(append("b", 1, 1));
  std::vector<const store_batch*> group{&safe, &usual};
  auto out = x->write(group, 0);
  CHECK(out.batches[0][0].no.status == code::unavailable);
  CHECK(has(out.batches[0][0].no.detail, "appendfsync always"));
  CHECK(!out.batches[0][0].maybe_written);
  CHECK(!out.batches[1][0].no.refused());
  CHECK(must(x->state_of_log("a")).head == 0);
  cfg.needs_power = true;
  CHECK(has(refused_open(cfg), "appendfsync always"));
}

TEST_CASE("many ids are read in parts", "[redis]") {
  in_redis kind;
  auto n = redis_log::marks_at_once * redis_log::marks_window + 300;
  commit_one(*kind, append("demo", 1, n));
  auto marks = must((*kind).newest_ids("demo", n - 5, 600'000));
  REQUIRE(marks.size() == n - 5);
  for (std::size_t i = 0; i < marks.size(); ++i) REQUIRE(marks[i].seq == i + 6);
}
