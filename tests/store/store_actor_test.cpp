#include "actors/store/store_actor.hpp"
#include "testing/fixture.hpp"
#include "testing/spy_store.hpp"
#include "tests/store/store_kinds.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

using client = probe<store_committed, store_answer>;

store_batch batch(std::uint64_t id, log_append what) {
  return {id, durability::process, {{std::move(what), {}}}};
}

class store_fixture : public fixture {
public:
  store_fixture() {
    options.detached = false;
    options.inbox_limit = 8;
    options.actor.wall_clock_ms = [this] {
      auto since = sched.clock().now().time_since_epoch();
      return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
    };
    me = own(sys.spawn<client>());
  }

  void start() {
    handle = start_store(sys, std::make_unique<spy_store>(seen), options);
    own(handle.actor);
    run();
  }

  template <class T>
  refusal offer(T what) {
    auto place = handle.box->try_take();
    if (auto* no = std::get_if<refusal>(&place)) return *no;
    caf::send_as(me, handle.actor, std::get<permit>(std::move(place)), std::move(what));
    return {};
  }

  std::vector<store_committed>& committed() { return deref<client>(me).all<store_committed>(); }
  std::vector<store_answer>& answers() { return deref<client>(me).all<store_answer>(); }

  std::int64_t errors(const std::string& cause) {
    return sys.metrics().counter_instance("weir", "store-errors", {{"cause", cause}}, "")->value();
  }

  std::shared_ptr<spy> seen = std::make_shared<spy>();
  store_options options;
  store_handle handle;
  caf::actor me;
};

} // namespace

TEST_CASE_METHOD(store_fixture, "all batches that wait are committed as one group and answered in order") {
  start();
  for (std::uint64_t i = 1; i <= 5; ++i) CHECK(!offer(batch(i, append("demo", i, i))).refused());
  run();
  CHECK(seen->groups == std::vector<std::size_t>{5});
  REQUIRE(committed().size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(committed()[i].id == i + 1);
    CHECK(!committed()[i].first_refusal().refused());
  }
  CHECK(handle.box->depth() == 0);
  offer(batch(6, append("demo", 6, 6)));
  run();
  CHECK(seen->groups == std::vector<std::size_t>{5, 1});
}

TEST_CASE_METHOD(store_fixture, "a group is bounded in events") {
  options.actor.group_events = 4;
  start();
  for (std::uint64_t i = 1; i <= 5; ++i) offer(batch(i, append("demo", 2 * i - 1, 2 * i)));
  run();
  CHECK(seen->groups == std::vector<std::size_t>{2, 2, 1});
  CHECK(committed().size() == 5);
}

TEST_CASE_METHOD(store_fixture,
                 "a full store refuses with 429 store_full and takes again when it has committed") {
  start();
  for (std::uint64_t i = 1; i <= 8; ++i) CHECK(!offer(batch(i, append("demo", i, i))).refused());
  for (auto no : {offer(batch(9, append("demo", 9, 9))), offer(store_read{1, read_log_state{"demo"}})}) {
    CHECK(no.status == code::too_many);
    CHECK(no.reason == "store_full");
    CHECK(no.scope == "node");
    CHECK(no.retry_after_ms > 0);
    CHECK(no.depth == 8);
    CHECK(no.limit == 8);
  }
  run();
  CHECK(committed().size() == 8);
  CHECK(answers().empty());
  CHECK(!offer(batch(9, append("demo", 9, 9))).refused());
  run();
  CHECK(!committed().back().first_refusal().refused());
}

TEST_CASE_METHOD(store_fixture,
                 "what was sent behind a failed commit fails too, until the namespace starts again") {
  options.actor.group_events = 2;
  start();
  offer(batch(1, append("demo", 1, 1)));
  run();
  seen->fail_next = 1;
  offer(batch(2, append("demo", 2, 3))); // a group of its own, which fails
  offer(batch(3, append("demo", 4, 4))); // was sent before that was known
  offer(batch(4, append("other", 1, 1)));
  offer(batch(5, append("demo", 5, 5)));
  run();
  REQUIRE(committed().size() == 5);
  for (auto i : {1, 2, 4}) {
    CHECK(committed()[i].first_refusal().status == code::unavailable);
    CHECK(committed()[i].first_refusal().message == "the disk is full");
    CHECK(committed()[i].first_refusal().retry_after_ms == 1000);
  }
  CHECK(!committed()[3].first_refusal().refused());
  CHECK(errors("full") == 1);

  offer(batch(6, append("demo", 2, 2)));
  run();
  CHECK(!committed()[5].first_refusal().refused());
  offer(batch(7, append("demo", 9, 9))); // its own mistake now
  run();
  CHECK(committed()[6].first_refusal().status == code::conflict);
  CHECK(committed()[6].first_refusal().reason == store_reason::out_of_order);
}

TEST_CASE_METHOD(store_fixture,
                 "a failed commit explains nothing once its writer has begun again: the store went back") {
  start();
  offer(batch(1, append("demo", 1, 1))); // what a store that came back with less has
  run();
  seen->fail_next = 1;
  offer(batch(2, append("demo", 5, 5)));
  run();
  for (std::uint64_t id : {3, 4}) {
    offer(batch(id, append("demo", 5, 5)));
    run();
    CHECK(committed().back().id == id);
    CHECK(committed().back().first_refusal().status == code::conflict);
    CHECK(committed().back().first_refusal().reason == store_reason::out_of_order);
  }
}

TEST_CASE_METHOD(
    store_fixture,
    "behind a commit that may have been done, the log's own head is told and not that commit's cause") {
  start();
  offer(batch(1, append("demo", 1, 1)));
  run();
  seen->lose_next = 1;
  offer(batch(2, append("demo", 2, 2)));
  run();
  offer(batch(3, append("demo", 2, 2)));
  offer(batch(4, append("demo", 3, 3)));
  run();
  REQUIRE(committed().size() == 4);
  CHECK(committed()[1].first_refusal().status == code::unavailable);
  CHECK(committed()[1].writes.at(0).maybe_written);
  CHECK(committed()[2].first_refusal().status == code::conflict);
  CHECK(committed()[2].first_refusal().reason == store_reason::out_of_order);
  CHECK(!committed()[3].first_refusal().refused());
  CHECK(errors("lost") == 1);
}

TEST_CASE_METHOD(store_fixture,
                 "a refused append refuses those of its namespace behind it in the same group") {
  start();
  offer(batch(1, append("demo", 1, 1)));
  offer(batch(2, append("demo", 3, 3)));
  offer(batch(3, append("demo", 4, 4)));
  offer(batch(4, append("demo", 2, 2)));
  run();
  REQUIRE(committed().size() == 4);
  CHECK(!committed()[0].first_refusal().refused());
  CHECK(committed()[1].first_refusal().reason == store_reason::out_of_order);
  CHECK(committed()[2].first_refusal().reason == store_reason::out_of_order);
  CHECK(!committed()[3].first_refusal().refused());
}

TEST_CASE_METHOD(store_fixture, "a read is answered with what has been acknowledged") {
  start();
  offer(batch(1, append("demo", 1, 3)));
  run();
  offer(store_read{7, read_log{"demo", all_after(1)}});
  offer(store_read{8, read_log_state{"demo"}});
  offer(store_read{9, find_event{"demo", "alice", "m2"}});
  offer(store_read{10, read_newest_ids{"demo", 2, 1000}});
  offer(store_read{11, get_key{"demo", "k"}});
  offer(store_read{12, scan_keys{"demo", "", "", 5}});
  run();
  auto& got = answers();
  REQUIRE(got.size() == 6);
  CHECK(got[0].id == 7);
  CHECK(seqs(std::get<log_read>(got[0].what)) == std::vector<std::uint64_t>{2, 3});
  CHECK(std::get<log_state>(got[1].what).head == 3);
  CHECK(std::get<std::optional<event_place>>(got[2].what)->seq == 2);
  CHECK(std::get<std::vector<event_mark>>(got[3].what).size() == 2);
  CHECK(!std::get<std::optional<key_entry>>(got[4].what));
  CHECK(std::get<std::vector<key_entry>>(got[5].what).empty());
  CHECK(handle.box->depth() == 0);
}

TEST_CASE_METHOD(store_fixture, "leases are taken, prolonged and given back through the store") {
  start();
  offer(store_read{1, acquire_lease_of{"ns/demo", "n1", 100}});
  run();
  auto first = std::get<lease_grant>(answers().back().what);
  CHECK(first.granted);
  advance(50ms);
  offer(store_read{2, renew_lease_of{"ns/demo", "n1", first.epoch, 100}});
  run();
  CHECK(std::get<lease_grant>(answers().back().what).expires_ms == first.expires_ms + 50);
  offer(store_read{3, release_lease_of{"ns/demo", "n1", first.epoch}});
  offer(store_read{4, acquire_lease_of{"ns/demo", "n2", 100}});
  run();
  CHECK(std::get<lease_grant>(answers().back().what).granted);
}

TEST_CASE_METHOD(store_fixture, "expired keys are swept in small steps with pauses between them") {
  options.actor.sweep_step = 4;
  start();
  store_batch keys{1, durability::process, {}};
  for (int i = 0; i < 10; ++i)
    keys.writes.push_back(
        {key_put{"demo", "k" + std::to_string(i), "x", options.actor.wall_clock_ms() + 1, {}}, {}});
  offer(std::move(keys));
  run();
  advance(1000ms);
  CHECK(seen->swept == std::vector<std::uint64_t>{4});
  advance(20ms);
  CHECK(seen->swept == std::vector<std::uint64_t>{4, 4, 2});
  advance(500ms);
  CHECK(seen->swept.size() == 3);
}

TEST_CASE_METHOD(store_fixture, "a batch waits for one read at most, however many there are before it") {
  options.inbox_limit = 100;
  start();
  for (std::uint64_t i = 1; i <= 50; ++i) offer(store_read{i, read_log{"demo", all_after(0)}});
  offer(batch(1, append("demo", 1, 1)));
  run();
  REQUIRE(answers().size() == 50);
  for (std::uint64_t i = 1; i <= 50; ++i) CHECK(answers()[i - 1].id == i); // each has its turn
  auto saw_it = [](const store_answer& x) { return std::get<log_read>(x.what).head == 1; };
  CHECK(std::count_if(answers().begin(), answers().end(), saw_it) >= 49);
  CHECK(handle.box->depth() == 0);
}

TEST_CASE_METHOD(store_fixture,
                 "a store that fails says so once, and again once it is over, also when nobody writes") {
  options.actor.waits = std::make_shared<readiness>();
  start();
  auto failing = [this] { return sys.metrics().gauge_singleton("weir", "store-failing", "")->value(); };
  offer(batch(1, append("demo", 1, 1)));
  run();
  CHECK_FALSE(options.actor.waits->waits());
  seen->fail_next = 3;
  offer(batch(2, append("demo", 2, 2)));
  run();
  CHECK(options.actor.waits->waits());
  CHECK(failing() == 1);
  advance(2500ms); // it tries by itself
  CHECK(options.actor.waits->waits());
  advance(1000ms);
  CHECK_FALSE(options.actor.waits->waits());
  CHECK(failing() == 0);
  CHECK(seen->fail_next == 0);
  offer(batch(3, append("demo", 2, 2)));
  run();
  CHECK(!committed().back().first_refusal().refused());
}

TEST_CASE_METHOD(store_fixture, "what the store finds when it looks after itself is told until it is over") {
  options.actor.waits = std::make_shared<readiness>();
  start();
  seen->trouble = {code::unavailable, "unavailable", "the file is gone", 1000, {}, 0, 0};
  advance(1000ms);
  CHECK(options.actor.waits->waits());
  offer(batch(1, append("demo", 1, 1))); // that a write succeeds does not end it
  run();
  CHECK(options.actor.waits->waits());
  seen->trouble = {};
  advance(1000ms);
  CHECK_FALSE(options.actor.waits->waits());
}

TEST_CASE("a store on its own thread answers every batch in order and reads between them") {
  init_meta_objects();
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
  temp_folder folder;
  auto handle = start_store(sys, must(open_sqlite_store({.path = folder.file("weir.db")})));
  {
    caf::scoped_actor self{sys};
    constexpr std::uint64_t n = 2000;
    for (std::uint64_t i = 1; i <= n; ++i) {
      REQUIRE(!handle.box->offer(self.ptr(), handle.actor, batch(i, append("demo", i, i))).refused());
      if (i % 100 == 0)
        REQUIRE(
            !handle.box->offer(self.ptr(), handle.actor, store_read{i, read_log_state{"demo"}}).refused());
    }
    std::uint64_t next = 1, reads = 0;
    while (next <= n || reads < n / 100)
      self->receive(
          [&](const store_committed& x) {
            CHECK(x.id == next++);
            CHECK(!x.first_refusal().refused());
          },
          [&](const store_answer& x) {
            ++reads;
            CHECK(std::holds_alternative<log_state>(x.what));
          });
    self->send_exit(handle.actor, caf::exit_reason::user_shutdown);
    self->wait_for(handle.actor);
  }
  handle.actor = nullptr;
  auto again = must(open_sqlite_store({.path = folder.file("weir.db")}));
  CHECK(must(again->state_of_log("demo")).head == 2000);
}
