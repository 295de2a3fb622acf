#include "tests/support/pool_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

/// Pulls, and never ends what it is given: its thread is busy with something else.
class lost_worker : public caf::event_based_actor {
public:
  lost_worker(caf::actor_config& cfg, caf::actor pool)
    : caf::event_based_actor(cfg), pool_(std::move(pool)) {}

  caf::behavior make_behavior() override {
    send(pool_, model_worker_idle{});
    return {[](const model_assignment&) {}, [](model_cancel_atom, std::uint64_t) {}};
  }

  void on_exit() override { pool_ = nullptr; }

private:
  caf::actor pool_;
};

} // namespace

TEST_CASE_METHOD(pool_fixture, "a worker that does not end its attempt in time is given up and replaced") {
  int made = 0;
  auto make = [this, &made](caf::actor pool) {
    ++made;
    return sys.spawn<lost_worker>(std::move(pool));
  };
  auto pool = own(sys.spawn<model_pool>(config_of("m"), make));
  send(pool, permit{}, model_request{1, "demo", {}, 300, out});
  advance(540ms);
  CHECK(got().all<model_failed>().empty());
  advance(10ms); // its deadline and the grace
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].error.status == code::deadline);
  CHECK(made == 2);
  CHECK(calls_that("worker_lost") == 1);
}

TEST_CASE_METHOD(pool_fixture, "pieces go to the sink, and the answer ends with its usage") {
  add_pool(config_of("m"));
  backend_of("m").scripts.push_back(script::answer({"How", " deep", "!"}));
  CHECK_FALSE(ask(5).refused());
  advance(100ms);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].end.usage.output_tokens == 3);
  std::string text;
  for (auto& x : got().all<model_piece>()) text += x.text;
  CHECK(text == "How deep!");
  CHECK(depth() == 0);
  CHECK(backend_of("m").open == 0);
  CHECK(calls_that("done") == 1);
}

TEST_CASE_METHOD(pool_fixture,
                 "a pool with hung workers takes as many as its queue holds, then says when to come again") {
  auto cfg = config_of("m", 3);
  cfg.queue_limit = 8;
  add_pool(cfg);
  hang_all(3);
  for (std::uint64_t id = 1; id <= 3 + 8; ++id) CHECK_FALSE(ask(id).refused());
  CHECK(backend_of("m").open == 3);
  CHECK(depth() == 8);
  std::int64_t last_ms = 0;
  advance(200ms);
  for (std::uint64_t id = 100; id < 104; ++id) {
    auto no = ask(id);
    CHECK(no.status == code::too_many);
    CHECK(no.reason == "model_queue_full");
    CHECK(no.scope == "model");
    CHECK(no.depth == 8);
    CHECK(no.limit == 8);
    CHECK(no.retry_after_ms > last_ms);
    last_ms = no.retry_after_ms;
  }
}

TEST_CASE_METHOD(pool_fixture, "what waits until its time is over fails with 504 and gives its place back") {
  add_pool(config_of("m"));
  hang_all(1);
  ask(1, 1000);
  ask(2, 300);
  ask(3, 200);
  CHECK(depth() == 2);
  advance(200ms);
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].id == 3);
  CHECK(got().all<model_failed>()[0].error.status == code::deadline);
  CHECK(depth() == 1);
  advance(100ms);
  CHECK(got().all<model_failed>().size() == 2);
  CHECK(depth() == 0);
  CHECK(calls_that("expired") == 2);
}

TEST_CASE_METHOD(pool_fixture,
                 "an attempt that hangs is closed at its deadline, and its worker takes the next") {
  add_pool(config_of("m"));
  hang_all(1);
  ask(1, 300);
  ask(2, 1000);
  advance(290ms);
  CHECK(got().all<model_failed>().empty());
  advance(10ms);
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].error.status == code::deadline);
  CHECK(got().all<model_failed>()[0].retryable);
  advance(100ms);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].id == 2);
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(pool_fixture, "first-piece and stall timeouts end an attempt before its deadline") {
  auto cfg = config_of("m");
  cfg.first_piece_timeout_ms = 100;
  cfg.stall_timeout_ms = 50;
  add_pool(cfg);
  backend_of("m").scripts = {script::hang_after({}), script::hang_after({"a", "b"})};
  ask(1);
  advance(100ms);
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].error.message.find("said nothing for 100 ms") != std::string::npos);
  ask(2);
  advance(70ms);
  REQUIRE(got().all<model_failed>().size() == 2);
  CHECK(got().all<model_failed>()[1].error.message.find("stalled for 50 ms") != std::string::npos);
  CHECK(backend_of("m").open == 0);
}

TEST_CASE_METHOD(pool_fixture,
                 "cancelling takes a waiting request out of the queue and closes a running one") {
  add_pool(config_of("m"));
  hang_all(1);
  ask(1);
  ask(2);
  ask(3);
  cancel(2);
  CHECK(depth() == 1);
  CHECK(backend_of("m").open == 1);
  cancel(1);
  CHECK(depth() == 0); // the third has its turn
  advance(100ms);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].id == 3);
  CHECK(got().all<model_failed>().empty());
  CHECK(calls_that("cancelled") == 2);
  cancel(3); // over, and unknown: nothing happens
  cancel(99);
}

TEST_CASE_METHOD(pool_fixture, "the calls of a sink that is gone are dropped, waiting or running") {
  add_pool(config_of("m"));
  hang_all(1);
  ask(1);
  ask(2);
  CHECK(backend_of("m").open == 1);
  caf::anon_send_exit(out, caf::exit_reason::kill);
  run();
  CHECK(backend_of("m").open == 0);
  CHECK(depth() == 0);
  CHECK(backend_of("m").asked.size() == 1);
}

TEST_CASE_METHOD(pool_fixture, "a worker that dies costs one attempt, and another does the next") {
  add_pool(config_of("m"));
  backend_of("m").scripts.push_back({{}, script::ending::crash, {}, true, 10});
  ask(1);
  ask(2);
  advance(100ms);
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].id == 1);
  CHECK(got().all<model_failed>()[0].error.status == code::unavailable);
  CHECK(got().all<model_failed>()[0].retryable);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].id == 2);
  CHECK(calls_that("worker_lost") == 1);
}

TEST_CASE_METHOD(pool_fixture,
                 "workers that die one after the other are replaced ever more slowly, the queue stays") {
  auto cfg = config_of("m");
  add_pool(cfg);
  for (int i = 0; i < 5; ++i) backend_of("m").scripts.push_back({{}, script::ending::crash, {}, true, 10});
  for (std::uint64_t id = 1; id <= 6; ++id) ask(id);
  run();
  CHECK(backend_of("m").asked.size() == 2); // the second worker came at once, the third waits
  CHECK(depth() == 4);
  advance(500ms);
  CHECK(got().all<model_failed>().size() == 5);
  CHECK(got().all<model_done>().size() == 1);
}

TEST_CASE_METHOD(pool_fixture, "a namespace with one request does not wait behind another's burst") {
  add_pool(config_of("m"));
  for (std::uint64_t id = 1; id <= 50; ++id) ask(id, 1000, "noisy");
  ask(100, 1000, "quiet");
  advance(100ms);
  auto& done = got().all<model_done>();
  REQUIRE(done.size() >= 3);
  auto is_quiet = [](const model_done& x) { return x.id == 100; };
  auto place = std::find_if(done.begin(), done.end(), is_quiet) - done.begin();
  CHECK(place <= 2); // behind what was running, and at most one of the others
}

TEST_CASE_METHOD(pool_fixture, "requests without a permit are bounded too") {
  auto cfg = config_of("m");
  cfg.queue_limit = 2;
  add_pool(cfg);
  hang_all(1);
  for (std::uint64_t id = 1; id <= 4; ++id)
    send(models.at("m").actor, permit{}, model_request{id, "demo", {}, 1000, out});
  REQUIRE(got().all<model_failed>().size() == 1);
  CHECK(got().all<model_failed>()[0].error.reason == "model_queue_full");
}

TEST_CASE_METHOD(pool_fixture, "a pool that ends takes its workers with it and gives every place back") {
  add_pool(config_of("m", 2));
  hang_all(2);
  for (std::uint64_t id = 1; id <= 5; ++id) ask(id);
  CHECK(depth() == 3);
  caf::anon_send_exit(models.at("m").actor, caf::exit_reason::user_shutdown);
  run();
  CHECK(backend_of("m").open == 0);
  CHECK(depth() == 0);
}
