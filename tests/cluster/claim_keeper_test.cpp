#include "actors/cluster/claim_keeper.hpp"

#include "actors/cluster/lease_names.hpp"
#include "testing/fixture.hpp"
#include "testing/spy_store.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spdlog/spdlog.h>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// Stands for a host: keeps what its keeper says.
class asker : public test::probe<namespace_claim, namespace_released, claims_lapsed, claims_held> {
public:
  using probe::probe;

  template <class Message>
  void ask(const caf::actor& keeper, Message what) {
    // Not `send`: nobody runs this actor now.
    keeper->enqueue(ctrl(), caf::make_message_id(), caf::make_message(std::move(what)), nullptr);
  }

  const namespace_claim& last() { return all<namespace_claim>().back(); }
};

/// Nodes that share a store.
class claims_fixture : public test::fixture {
public:
  claims_fixture() {
    spdlog::set_level(spdlog::level::off);
    store_options options;
    options.detached = false;
    options.actor.wall_clock_ms = [this] { return now_ms(); };
    auto made = std::make_unique<memory_store>();
    disk = made.get();
    store = start_store(sys, std::move(made), options);
    own(store.actor);
  }

  ~claims_fixture() {
    spdlog::set_level(spdlog::level::info);
    store = {};
  }

  std::int64_t now_ms() const {
    auto since = sched.clock().now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }

  struct node {
    caf::actor keeper;
    asker& host;
  };

  node start(const std::string& name, std::uint64_t incarnation = 1) {
    claim_keeper::config cfg;
    cfg.node = name;
    cfg.incarnation = incarnation;
    cfg.store = store;
    cfg.wall_clock_ms = [this] { return now_ms(); };
    auto keeper = own(sys.spawn<claim_keeper>(std::move(cfg)));
    run();
    return {keeper, deref<asker>(own(sys.spawn<asker>()))};
  }

  namespace_claim claim(const node& x, const std::string& ns) {
    x.host.ask(x.keeper, claim_namespace{ns});
    run();
    return x.host.last();
  }

  void end(const node& x, caf::exit_reason how) {
    caf::anon_send_exit(x.keeper, how);
    run();
  }

  refusal write(const std::string& ns, std::uint64_t epoch) {
    store_batch batch;
    batch.writes.push_back({key_put{ns, "k", "v", 0, {}}, {namespace_lease(ns), epoch}});
    return disk->write(batch, now_ms()).batches.at(0).at(0).no;
  }

  memory_store* disk = nullptr;
  store_handle store;
};

} // namespace

TEST_CASE_METHOD(claims_fixture, "a namespace is one node's, until it gives it back") {
  auto a = start("n1"), b = start("n2");
  auto mine = claim(a, "demo");
  CHECK(mine.granted);
  CHECK(claim(a, "demo").epoch == mine.epoch); // asking again changes nothing
  auto no = claim(b, "demo");
  CHECK(!no.granted);
  CHECK(no.holder == "n1");
  CHECK(no.retry_after_ms > 0);
  CHECK(!write("demo", mine.epoch).refused());

  a.host.ask(a.keeper, release_namespace{"demo", mine.epoch});
  run();
  CHECK(a.host.all<namespace_released>().size() == 1);
  CHECK(write("demo", mine.epoch).reason == store_reason::fenced);
  auto theirs = claim(b, "demo");
  CHECK(theirs.granted);
  CHECK(theirs.epoch > mine.epoch);
}

TEST_CASE_METHOD(claims_fixture, "a node that lives keeps what it has, however long it says nothing of it") {
  auto a = start("n1"), b = start("n2");
  CHECK(claim(a, "demo").granted);
  advance(60s, 100ms);
  CHECK(!claim(b, "demo").granted);
}

TEST_CASE_METHOD(claims_fixture, "what a node had that is gone is taken over once its lease has lapsed") {
  auto a = start("n1"), b = start("n2");
  auto old = claim(a, "demo");
  CHECK(claim(a, "other").granted);
  end(a, caf::exit_reason::kill); // it gives nothing back
  auto no = claim(b, "demo");
  CHECK(!no.granted);
  CHECK(no.retry_after_ms <= 2000);
  advance(std::chrono::milliseconds{no.retry_after_ms});
  auto taken = claim(b, "demo");
  CHECK(taken.granted);
  CHECK(taken.epoch > old.epoch);
  CHECK(write("demo", old.epoch).reason == store_reason::fenced);
  CHECK(claim(b, "other").granted); // nobody is asked about n1 again
}

TEST_CASE_METHOD(claims_fixture, "what a node had that has ended in order is free at once") {
  auto a = start("n1"), b = start("n2");
  CHECK(claim(a, "demo").granted);
  end(a, caf::exit_reason::user_shutdown);
  CHECK(claim(b, "demo").granted);
}

TEST_CASE_METHOD(claims_fixture, "a node's next life waits for the lease of the one before, and takes over") {
  auto a = start("n1", 1);
  auto old = claim(a, "demo");
  end(a, caf::exit_reason::kill);
  auto again = start("n1", 2);
  again.host.ask(again.keeper, claim_namespace{"demo"});
  run();
  CHECK(again.host.all<namespace_claim>().empty()); // nobody knows yet that it is alone
  advance(2100ms);
  REQUIRE(again.host.all<namespace_claim>().size() == 1);
  CHECK(again.host.last().granted);
  CHECK(again.host.last().epoch > old.epoch);
}

TEST_CASE_METHOD(claims_fixture, "a node that has begun another life lives: its namespaces are not taken") {
  auto a = start("n1", 1), b = start("n2");
  CHECK(claim(a, "demo").granted);
  CHECK(!claim(b, "demo").granted); // and it knows now who has it
  end(a, caf::exit_reason::user_shutdown);
  CHECK(claim(b, "other").granted);
  auto again = start("n1", 2);
  CHECK(claim(again, "demo").granted);
  CHECK(!claim(b, "demo").granted);
}

TEST_CASE_METHOD(claims_fixture, "a node that was too slow learns it, and asks for its namespaces again") {
  auto a = start("n1"), b = start("n2");
  auto old = claim(a, "demo");
  auto kept = claim(a, "other");
  // As if it had been stopped: the lease lapses, and another node takes one of its namespaces.
  disk->release(node_lease("n1"), lease_owner("n1", 1), 1, now_ms());
  CHECK(claim(b, "demo").granted);
  advance(1s);
  CHECK(a.host.all<claims_lapsed>().size() == 1);
  CHECK(a.host.all<claims_held>().size() == 1);
  CHECK(!claim(a, "demo").granted);
  CHECK(claim(a, "other").epoch == kept.epoch);
  CHECK(write("demo", old.epoch).reason == store_reason::fenced);
}
