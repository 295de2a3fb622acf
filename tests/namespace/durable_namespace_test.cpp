// A namespace over a store: what it was told is there after it is gone, and nothing that could not be kept
// is.

#include "tests/support/member.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using test::member;

namespace {

class durable_fixture : public test::node_fixture {
public:
  durable_fixture() { disk = std::make_shared<test::spy>(); }
};

} // namespace

TEST_CASE_METHOD(durable_fixture, "the log, its order and its epoch are there after a restart") {
  std::string epoch;
  {
    member alice{*this, open("demo"), "alice"};
    epoch = alice.opened().epoch;
    for (int i = 1; i <= 5; ++i)
      CHECK(alice.publish("m" + std::to_string(i)).seq == static_cast<std::uint64_t>(i));
  }
  restart();
  member alice{*this, open("demo"), "alice"};
  CHECK(alice.opened().epoch == epoch);
  CHECK(alice.opened().seq == 5);
  auto again = alice.publish("m3");
  CHECK(again.duplicate);
  CHECK(again.seq == 3);
  CHECK(alice.publish("m6").seq == 6);
  CHECK(alice.read(3).deliveries.size() == 3);
}

TEST_CASE_METHOD(durable_fixture, "a namespace that was there before is opened without anyone coming") {
  { member alice{*this, open("demo"), "alice"}; }
  restart();
  caf::scoped_actor self{sys};
  self->send(the_host, admin_query{});
  run();
  std::string list;
  self->receive([&](const admin_answer& got) { list = got.json; });
  CHECK(list.find("\"demo\"") != std::string::npos);
}

TEST_CASE_METHOD(durable_fixture, "what the store cannot keep is refused, and goes on when the store does") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, bob{*this, x, "bob"};
  bob.subscribe("s", ">");
  CHECK(alice.publish("m1").seq == 1);
  disk->fail_next = 1;
  auto no = alice.publish("m2").no;
  CHECK(no.status == code::unavailable);
  CHECK(no.retry_after_ms > 0);
  CHECK(bob.delivered() == std::vector<std::string>{"m1"});
  CHECK(alice.publish("m2").seq == 2);
  CHECK(bob.delivered() == std::vector<std::string>{"m1", "m2"});
  disk->fail_next = 1;
  CHECK(bob.subscribe("t", "b").no.status == code::unavailable);
  CHECK(!bob.subscribe("t", "b").no.refused());
}

TEST_CASE_METHOD(durable_fixture,
                 "what was kept though the answer was lost is found when the namespace reads its log again") {
  auto& x = open("demo");
  member alice{*this, x, "alice"}, bob{*this, x, "bob"};
  bob.subscribe("s", ">");
  CHECK(alice.publish("m1").seq == 1);
  disk->lose_next = 1;
  CHECK(alice.publish("m2").no.status == code::unavailable);
  // Another one would have its place: the store refuses that, and the namespace goes on from what is there.
  CHECK(alice.publish("m3").no.status == code::unavailable);
  advance(5s);
  auto again = alice.publish("m2");
  CHECK(again.duplicate);
  CHECK(again.seq == 2);
  CHECK(alice.publish("m3").seq == 3);
  auto slice = alice.read(0);
  CHECK(slice.deliveries.size() == 3);
  member carol{*this, open("demo"), "bob", bob.session()};
  CHECK(carol.opened().seq == 3);
}

TEST_CASE_METHOD(durable_fixture, "what was kept behind a lost answer is not answered as if it were first") {
  store_group_events = 1; // each batch is a group
  auto &first = open("demo"), &second = open("demo");
  member alice{*this, first, "alice"}, bob{*this, second, "bob"};
  disk->lose_next = 1;
  first.publish(alice.joined(), "m1", event_of("alice", "m1", "a"));
  second.publish(bob.joined(), "m2", event_of("bob", "m2", "a"));
  auto groups = disk->groups.size();
  run();
  CHECK(disk->groups.size() >= groups + 2);
  for (auto* x : {&alice, &bob}) CHECK(x->answers.back().second.no.status == code::unavailable);
  advance(5s);
  for (auto* x : {&alice, &bob}) {
    auto again = x->publish(x == &alice ? "m1" : "m2");
    CHECK(again.duplicate);
    CHECK(again.seq == (x == &alice ? 1 : 2));
  }
  CHECK(alice.publish("m3").seq == 3);
}

TEST_CASE_METHOD(durable_fixture, "a full store refuses with 429 store_full, and nothing of it is kept") {
  store_inbox = 1;
  auto& x = open("demo");
  member alice{*this, x, "alice"};
  auto place = store.box->try_take(); // somebody else's work
  REQUIRE(std::holds_alternative<permit>(place));
  auto no = alice.publish("m1").no;
  CHECK(no.status == code::too_many);
  CHECK(no.reason == "store_full");
  CHECK(no.retry_after_ms > 0);
  place = refusal{};
  CHECK(alice.publish("m1").seq == 1);
}

TEST_CASE_METHOD(durable_fixture, "what is behind the log in memory is read from the store") {
  plan.bounds.log_events = 3;
  member alice{*this, open("demo"), "alice"};
  for (int i = 1; i <= 10; ++i) alice.publish("m" + std::to_string(i));
  auto slice = alice.read(2, 4);
  REQUIRE(slice.deliveries.size() == 4);
  CHECK(slice.first_kept == 1);
  CHECK(slice.deliveries.front().what->seq == 3);
  CHECK(slice.head == 10);
  CHECK(alice.read(8).deliveries.size() == 2);
}

TEST_CASE_METHOD(durable_fixture,
                 "the store's log is trimmed by count, and readers are told where it begins") {
  plan.bounds.log_events = 10;
  plan.bounds.kept_events = 2000;
  plan.bounds.publish_per_s = 1'000'000;
  member alice{*this, open("demo"), "alice"};
  for (int i = 1; i <= 6000; ++i) alice.publish("m" + std::to_string(i));
  auto slice = alice.read(0, 1);
  CHECK(slice.first_kept > 2000);
  CHECK(slice.first_kept <= 6000 + 1 - 2000);
}

TEST_CASE_METHOD(durable_fixture, "a predecessor is known though it is only in the store") {
  plan.bounds.dedupe_ids = 2;
  plan.bounds.log_events = 2;
  member alice{*this, open("demo"), "alice"};
  for (int i = 1; i <= 5; ++i) alice.publish("m" + std::to_string(i));
  CHECK(alice.publish("m6", "a", "alice/m1").seq == 6);
  auto waits = alice.publish("m7", "a", "alice/m0");
  CHECK(waits.seq == 0);
  advance(3s);
  CHECK(alice.answers.back().second.seq == 7);
  CHECK(alice.read(6).deliveries.at(0).what->causal_gap);
}

TEST_CASE_METHOD(durable_fixture, "a namespace whose store cannot be read refuses, and opens when it can") {
  { member alice{*this, open("demo"), "alice"}; }
  store_inbox = 1;
  store = {};
  restart(); // with a store of its own, whose one place is taken
  auto place = store.box->try_take();
  auto handle = spawn_io<relay>(relay::config{"other", the_host, nullptr});
  run();
  auto& x = deref<relay>(handle);
  CHECK(!x.is_attached());
  place = refusal{};
  advance(2s);
  test::recorder bob("bob");
  x.join(bob);
  advance(1s);
  CHECK(x.is_attached());
}

TEST_CASE_METHOD(durable_fixture,
                 "what an agent emits waits for a store that is away, and is no dead letter") {
  struct emitter : agent {
    explicit emitter(std::shared_ptr<test::spy> store) : disk(std::move(store)) {}
    std::vector<std::string> patterns() const override { return {"work"}; }
    void on_event(const event&, task job) override {
      disk->fail_next = 1'000'000;
      job.emit("done", 1);
    }
    std::shared_ptr<test::spy> disk;
  };
  registry.add("emitter", [this](const agent_config&) { return std::make_unique<emitter>(disk); });
  plan.agents = {{"emitter", "emitter", {}}};
  member alice{*this, open("demo"), "alice"};
  CHECK(alice.publish("m1", "work").seq == 1);
  advance(120s);
  CHECK(alice.read(1).deliveries.empty());
  CHECK(disk->fail_next < 1'000'000 - 20); // it has been tried
  disk->fail_next = 0;
  advance(10s);
  auto slice = alice.read(1);
  REQUIRE(slice.deliveries.size() == 1);
  CHECK(slice.deliveries[0].what->type == "done");
}

TEST_CASE_METHOD(durable_fixture, "dead letters and an agent's place are there after a restart") {
  struct picky : agent {
    std::vector<std::string> patterns() const override { return {"work"}; }
    void on_event(const event& what, task) override {
      if (what.message_id == "bad") throw std::runtime_error("cannot digest it");
      seen().push_back(what.message_id);
    }
    static std::vector<std::string>& seen() {
      static std::vector<std::string> x;
      return x;
    }
  };
  picky::seen().clear();
  registry.add<picky>("picky");
  plan.agents = {{"picky", "picky", {}}};
  {
    member alice{*this, open("demo"), "alice"};
    for (auto* id : {"m1", "bad", "m2"}) alice.publish(id, "work");
    advance(5s);
  }
  CHECK(picky::seen() == std::vector<std::string>{"m1", "m2"});
  restart();
  member alice{*this, open("demo"), "alice"};
  alice.publish("m3", "work");
  advance(1s);
  CHECK(picky::seen() == std::vector<std::string>{"m1", "m2", "m3"});
  caf::scoped_actor self{sys};
  self->send(the_host, admin_query{admin_query::verb::dead_letters, "demo", {}, 10});
  run();
  std::string list;
  self->receive([&](const admin_answer& got) { list = got.json; });
  CHECK(list.find("alice/bad") != std::string::npos);
  CHECK(list.find("cannot digest it") != std::string::npos);
  self->send(the_host, admin_query{admin_query::verb::retry, "demo", "alice/nothing", 0});
  run();
  self->receive([&](const admin_answer& got) { CHECK(got.no.status == code::not_found); });
}
