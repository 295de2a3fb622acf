#include "tests/store/store_kinds.hpp"

using namespace weir;
using namespace weir::test;

namespace {

key_put put(std::string key, std::string value, std::int64_t expires_ms = 0,
            std::optional<std::uint64_t> expected = {}) {
  return {"demo", std::move(key), std::move(value), expires_ms, expected};
}

std::vector<std::string> names(const std::vector<key_entry>& xs) {
  std::vector<std::string> out;
  for (auto& x : xs) out.push_back(x.key);
  return out;
}

using name_list = std::vector<std::string>;

} // namespace

WEIR_STORE_TEST("a key has the value that was put last, under a version that only grows") {
  TestType kind;
  CHECK(!must((*kind).get("demo", "k", 0)));
  auto v1 = commit_one(*kind, put("k", "one")).version;
  auto v2 = commit_one(*kind, put("k", std::string("two\0three", 9))).version;
  CHECK(v1 > 0);
  CHECK(v2 > v1);
  auto x = must((*kind).get("demo", "k", 0));
  REQUIRE(x);
  CHECK(x->value == std::string("two\0three", 9));
  CHECK(x->version == v2);
  CHECK(x->expires_ms == 0);
  CHECK(!must((*kind).get("other", "k", 0)));

  commit_one(*kind, key_delete{"demo", "k", {}});
  CHECK(!must((*kind).get("demo", "k", 0)));
  CHECK(commit_one(*kind, put("k", "again")).version > v2);
  commit_one(*kind, key_delete{"demo", "was never there", {}});
}

WEIR_STORE_TEST("a put or delete that expects another version is refused and changes nothing") {
  TestType kind;
  auto v1 = commit_one(*kind, put("k", "one")).version;
  for (auto wrong : {std::uint64_t{0}, v1 + 1}) {
    auto no = commit(*kind, 0, put("k", "two", 0, wrong)).at(0).no;
    CHECK(no.status == code::conflict);
    CHECK(no.reason == store_reason::version_conflict);
    CHECK(commit(*kind, 0, key_delete{"demo", "k", wrong}).at(0).no.refused());
  }
  CHECK(commit(*kind, 0, put("absent", "x", 0, v1)).at(0).no.refused());
  CHECK(must((*kind).get("demo", "k", 0))->value == "one");
  CHECK(!must((*kind).get("demo", "absent", 0)));

  auto v2 = commit_one(*kind, put("k", "two", 0, v1)).version;
  commit_one(*kind, key_delete{"demo", "k", v2});
  commit_one(*kind, put("k", "new", 0, 0));
  CHECK(must((*kind).get("demo", "k", 0))->value == "new");
}

WEIR_STORE_TEST("of two writers that expect the same version one wins, also within a batch") {
  TestType kind;
  auto v1 = commit_one(*kind, put("k", "one")).version;
  auto out =
      commit(*kind, 0, put("k", "a", 0, v1), put("k", "b", 0, v1), put("n", "c", 0, 0), put("n", "d", 0, 0));
  CHECK(!out[0].no.refused());
  CHECK(out[1].no.refused());
  CHECK(!out[2].no.refused());
  CHECK(out[3].no.refused());
  CHECK(must((*kind).get("demo", "k", 0))->value == "a");
  CHECK(must((*kind).get("demo", "n", 0))->value == "c");
}

WEIR_STORE_TEST("an expired key is not there, swept or not") {
  TestType kind;
  auto v = commit_one(*kind, put("k", "one", 100)).version;
  CHECK(must((*kind).get("demo", "k", 99)));
  CHECK(must((*kind).get("demo", "k", 99))->expires_ms == 100);
  CHECK(!must((*kind).get("demo", "k", 100)));
  CHECK(must((*kind).scan("demo", "", "", 10, 100)).empty());
  CHECK(commit(*kind, 100, put("k", "two", 0, v)).at(0).no.refused());
  CHECK(!commit(*kind, 100, put("k", "two", 0, 0)).at(0).no.refused());
  CHECK(must((*kind).sweep(1000, 10)) == 0);
  CHECK(must((*kind).get("demo", "k", 1000))->value == "two");
}

WEIR_STORE_TEST("a put moves the expiry of a key") {
  TestType kind;
  commit_one(*kind, put("k", "one", 100));
  commit_one(*kind, put("k", "two", 200), 50);
  CHECK(must((*kind).sweep(150, 10)) == 0);
  CHECK(must((*kind).get("demo", "k", 150)));
  CHECK(must((*kind).sweep(200, 10)) == 1);
  CHECK(!must((*kind).get("demo", "k", 200)));
}

WEIR_STORE_TEST("expired keys are swept in steps of bounded size") {
  TestType kind;
  for (int i = 0; i < 10; ++i) commit_one(*kind, put("k" + std::to_string(i), "x", 100 + i));
  commit_one(*kind, put("stays", "x"));
  CHECK(must((*kind).sweep(99, 4)) == 0);
  CHECK(must((*kind).sweep(1000, 4)) == 4);
  CHECK(must((*kind).sweep(1000, 4)) == 4);
  CHECK(must((*kind).sweep(1000, 4)) == 2);
  CHECK(must((*kind).sweep(1000, 4)) == 0);
  CHECK(must((*kind).get("demo", "stays", 1000)));
}

WEIR_STORE_TEST("a scan gives the keys of a prefix in order, a page at a time") {
  TestType kind;
  for (auto* key : {"b/2", "a/1", "b/1", "b", "b/10", "c/1", "b0"}) commit_one(*kind, put(key, key));
  commit_one(*kind, key_put{"other", "b/3", "x", 0, {}});
  CHECK(names(must((*kind).scan("demo", "b/", "", 10, 0))) == name_list{"b/1", "b/10", "b/2"});
  CHECK(names(must((*kind).scan("demo", "b/", "", 2, 0))) == name_list{"b/1", "b/10"});
  CHECK(names(must((*kind).scan("demo", "b/", "b/10", 2, 0))) == name_list{"b/2"});
  CHECK(names(must((*kind).scan("demo", "b/", "a", 1, 0))) == name_list{"b/1"});
  CHECK(must((*kind).scan("demo", "b/", "b/2", 2, 0)).empty());
  CHECK(must((*kind).scan("demo", "x", "", 2, 0)).empty());
  CHECK(must((*kind).scan("nobody", "", "", 2, 0)).empty());
  auto all = must((*kind).scan("demo", "", "", 100, 0));
  CHECK(names(all) == name_list{"a/1", "b", "b/1", "b/10", "b/2", "b0", "c/1"});
  CHECK(all[0].value == "a/1");
  CHECK(all[0].version > 0);
}

WEIR_STORE_TEST("keys stay when the log of their namespace is reset") {
  TestType kind;
  commit(*kind, 0, append("demo", 1, 1), put("k", "v"));
  commit_one(*kind, log_reset{"demo", "e2"});
  CHECK(must((*kind).get("demo", "k", 0)));
}

WEIR_STORE_TEST("a namespace that is dropped is as if it had never been, and its neighbours stay") {
  TestType kind;
  for (auto* ns : {"demo", "demo2", "dem"}) {
    commit_one(*kind, append(ns, 1, 3));
    commit_one(*kind, key_put{ns, "k", "value", 0, {}});
    commit_one(*kind, key_put{ns, "l", "value", 1000, {}});
  }
  commit_one(*kind, namespace_drop{"demo"});
  auto state = must((*kind).state_of_log("demo"));
  CHECK(state.epoch.empty());
  CHECK(state.head == 0);
  CHECK(must((*kind).read_log("demo", all_after(0))).records.empty());
  CHECK(!must((*kind).find_event("demo", "alice", "m1")));
  CHECK(must((*kind).scan("demo", "", "", 10, 0)).empty());
  for (auto* ns : {"demo2", "dem"}) {
    CHECK(must((*kind).state_of_log(ns)).head == 3);
    CHECK(must((*kind).scan(ns, "", "", 10, 0)).size() == 2);
  }
  commit_one(*kind, append("demo", 1, 2, "e2"));
  commit_one(*kind, key_put{"demo", "k", "another", 0, 0});
  CHECK(must((*kind).state_of_log("demo")).head == 2);
  CHECK(must((*kind).get("demo", "k", 0))->value == "another");
  for (int i = 0; i < 10; ++i) must((*kind).sweep(2000, 100));
  CHECK(must((*kind).read_log("demo", all_after(0))).records.size() == 2);
  commit_one(*kind, namespace_drop{"never was there"});
}
