// A namespace whose store comes back with less than was acknowledged: it goes on under a new epoch, and
// everyone is told.

#include "tests/support/member.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::member;

namespace {

class new_epoch_fixture : public test::node_fixture {
public:
  new_epoch_fixture() { disk = std::make_shared<test::spy>(); }

  memory_store copy() const { return *disk->kept; }
  void put_back(const memory_store& what) { static_cast<memory_store&>(*disk->kept) = what; }

  std::int64_t new_epochs() {
    return sys.metrics()
        .counter_instance("weir", "history-new-epochs", {{"namespace", "demo"}}, "", "1", true)
        ->value();
  }
};

} // namespace

TEST_CASE_METHOD(new_epoch_fixture,
                 "a store that goes back under a namespace begins a new epoch at the next publish") {
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto epoch = alice.attachments.back().epoch;
  alice.publish("m1");
  alice.publish("m2");
  auto older = copy();
  CHECK(alice.publish("m3").seq == 3);
  put_back(older);
  CHECK(alice.publish("m4").no.status == code::unavailable);
  advance(5s);
  auto& now = alice.attachments.back();
  CHECK(now.epoch != epoch);
  CHECK(now.seq == 2);
  CHECK(new_epochs() == 1);
  CHECK(alice.publish("m2").duplicate); // what is still there is known
  auto again = alice.publish("m3");     // what was lost is not
  CHECK_FALSE(again.duplicate);
  CHECK(again.seq == 3);
  CHECK(alice.publish("m4").seq == 4);
  CHECK(alice.read(0).deliveries.size() == 4);
  restart(); // it is whole again
  member bob{*this, open("demo"), "bob"};
  CHECK(bob.opened().epoch == now.epoch);
  CHECK(bob.opened().seq == 4);
}

TEST_CASE_METHOD(new_epoch_fixture, "a store that was emptied under a namespace begins a new epoch") {
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto epoch = alice.attachments.back().epoch;
  auto session = alice.session();
  alice.publish("m1");
  put_back({});
  CHECK(alice.publish("m2").no.status == code::unavailable);
  advance(5s);
  CHECK(alice.attachments.back().epoch != epoch);
  CHECK(alice.attachments.back().seq == 0);
  CHECK(new_epochs() == 1);
  CHECK(alice.publish("m1").seq == 1);
}

TEST_CASE_METHOD(new_epoch_fixture, "a reader of what is only in the store finds that it went back") {
  plan.bounds.log_events = 2;
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto epoch = alice.attachments.back().epoch;
  for (int i = 1; i <= 3; ++i) alice.publish("m" + std::to_string(i));
  auto older = copy();
  for (int i = 4; i <= 6; ++i) alice.publish("m" + std::to_string(i));
  put_back(older);
  log_request all;
  all.patterns = {">"};
  all.limit = 100;
  x.read_log(alice.joined(), "l", all);
  run();
  advance(5s);
  CHECK(alice.attachments.back().epoch != epoch);
  CHECK(alice.attachments.back().seq == 3);
}

TEST_CASE_METHOD(new_epoch_fixture,
                 "a client whose signed token knows more of the history than there is begins a new epoch") {
  std::string epoch;
  {
    member alice{*this, open("demo"), "alice"};
    epoch = alice.opened().epoch;
    for (int i = 1; i <= 3; ++i) alice.publish("m" + std::to_string(i));
  }
  auto& x = open("demo");
  test::recorder who{"bob"};
  auto number = x.join(who);
  auto hello = [&](const std::string& told_epoch, std::uint64_t told_seq) {
    session_open what;
    what.client_id = "bob";
    what.told_epoch = told_epoch;
    what.told_seq = told_seq;
    x.open_session(number, what);
    run();
    advance(5s);
    return who.attachments.back().epoch;
  };
  CHECK(hello(epoch, 3) == epoch);
  CHECK(hello("another", 99) == epoch);
  CHECK(hello({}, 99) == epoch);
  CHECK(hello(epoch, 4) != epoch);
  CHECK(who.attachments.back().seq == 3);
  x.leave(number);
}

TEST_CASE_METHOD(new_epoch_fixture,
                 "a gateway that was told more of the history than there is begins a new epoch") {
  witnessed = false; // as on another node, which has not written to the store
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto epoch = alice.attachments.back().epoch;
  alice.publish("m1");
  auto older = copy();
  alice.publish("m2");
  put_back(older);
  alice.publish("m3");
  advance(5s);
  CHECK(alice.attachments.back().epoch != epoch);
  CHECK(alice.attachments.back().seq == 1);
}

TEST_CASE_METHOD(new_epoch_fixture,
                 "a namespace whose keys are gone begins a new epoch, with the events that it has") {
  {
    member alice{*this, open("demo"), "alice"};
    alice.publish("m1");
  }
  store_batch gone{1, durability::process, {{key_delete{"demo", "cursor/orchestrator", {}}, {}}}};
  caf::anon_send_exit(the_host, caf::exit_reason::kill);
  run();
  disk->kept->store::write(gone, now_ms());
  start();
  run();
  member alice{*this, open("demo"), "alice"};
  CHECK(new_epochs() == 1); // the fixture's hosts all make the same names of epochs
  CHECK(alice.opened().seq == 1);
  CHECK(alice.publish("m1").duplicate);
}

TEST_CASE_METHOD(new_epoch_fixture,
                 "agents go on in the log that begins anew, wherever they were in the one before") {
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  for (int i = 1; i <= 5; ++i) alice.publish("m" + std::to_string(i));
  auto epoch = alice.attachments.back().epoch;
  // All events are gone, and the cursors are not.
  store_batch other{1, durability::process, {{log_reset{"demo", "other"}, {}}}};
  disk->kept->store::write(other, now_ms());
  alice.publish("m6");
  advance(5s);
  CHECK(alice.attachments.back().epoch != epoch);
  x.call(alice.joined(), "c", call_of("echo", "c1", "\"hello\""));
  run();
  advance(1s);
  REQUIRE(!alice.updates.empty());
  CHECK(alice.updates.back().finished);
}
