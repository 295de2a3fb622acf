#include "tests/support/remote_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

using texts = std::vector<std::string>;

const texts two{"n1", "n2"};

} // namespace

TEST_CASE_METHOD(remote_fixture, "a call is answered by a pool on another node, piece by piece", "[remote]") {
  add_remote(config_of("m"));
  add_node("n1").backend->scripts.push_back(script::answer({"How", " deep", "!"}));
  call(1, "m");
  advance(200ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).text == "How deep!");
  CHECK(outcome(1).usage.output_tokens == 3);
  CHECK(calls().deltas[1] == "How deep!");
  CHECK(nodes["n1"].backend->asked.at(0).ns == "demo");
  CHECK(depth() == 0);
  CHECK(remote_gauge("remote-model-requests") == 0);
  CHECK(remote_gauge("remote-model-nodes") == 1);
}

TEST_CASE_METHOD(remote_fixture, "a namespace's calls go to one node while it has room, and then to the next",
                 "[remote]") {
  add_remote(config_of("m"));
  auto small = config_of("m");
  small.queue_limit = 2;
  for (auto& x : two) add_node(x, small);
  auto ns = placed_on("n1", two);
  nodes["n1"].backend->scripts.assign(3, script::hang_after({}));
  for (std::uint64_t id = 1; id <= 3; ++id) CHECK_FALSE(ask(id, 1000, ns).refused()); // one runs, two wait
  CHECK(asked("n1") == 1);
  CHECK(asked("n2") == 0);
  ask(4, 1000, ns);
  CHECK(asked("n2") == 1);
  CHECK(remote_counter("remote-model-passed-on", "refused") == 1);
  advance(100ms);
  CHECK(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].id == 4);
  CHECK(got().all<model_failed>().empty());
  for (std::uint64_t id = 1; id <= 3; ++id) cancel(id);
  CHECK(nodes["n1"].backend->open == 0); // cancels travel
}

TEST_CASE_METHOD(remote_fixture, "when all nodes are full the caller gets what the last one said",
                 "[remote]") {
  add_remote(config_of("m"));
  auto small = config_of("m");
  small.queue_limit = 1;
  for (auto& x : two) add_node(x, small).backend->scripts.assign(9, script::hang_after({}));
  for (std::uint64_t id = 1; id <= 4; ++id) ask(id);
  CHECK(got().all<model_failed>().empty());
  ask(5);
  REQUIRE(failure_of(5) != nullptr);
  CHECK(failure_of(5)->refused);
  CHECK(failure_of(5)->error.status == code::too_many);
  CHECK(failure_of(5)->error.reason == "model_queue_full");
  CHECK(failure_of(5)->error.retry_after_ms > 0);
  CHECK(remote_counter("remote-model-refused", "model_queue_full") == 1);
}

TEST_CASE_METHOD(remote_fixture, "a pool whose inbox is full says so at once to other nodes", "[remote]") {
  add_remote(config_of("m"));
  auto& n1 = add_node("n1");
  std::vector<permit> taken;
  while (n1.pool.box->depth() < n1.pool.box->limit())
    taken.push_back(std::get<permit>(n1.pool.box->try_take()));
  ask(1);
  REQUIRE(failure_of(1) != nullptr);
  CHECK(failure_of(1)->error.reason == "model_queue_full");
  taken.clear();
  ask(2);
  advance(100ms);
  CHECK(got().all<model_done>().size() == 1);
}

TEST_CASE_METHOD(remote_fixture, "without a node that runs the model a call fails at once and says so",
                 "[remote]") {
  add_remote(config_of("m"));
  call(1, "m");
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::failed);
  CHECK(outcome(1).error.status == code::unavailable);
  CHECK(outcome(1).error.message == "no node of the cluster runs the model m");
  CHECK(depth() == 0);
  add_node("n1"); // one joins later
  call(2, "m");
  advance(100ms);
  CHECK(outcome(2).status == run_status::complete);
}

TEST_CASE_METHOD(remote_fixture, "the fallback chain is tried when no node runs the model", "[remote]") {
  auto cfg = config_of("m");
  cfg.fallback = {{true, "Later."}};
  add_remote(cfg);
  call(1, "m");
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::degraded);
  CHECK(outcome(1).text == "Later.");
}

TEST_CASE_METHOD(remote_fixture,
                 "a node that dies in the middle of an answer costs a retry: another goes on from the text",
                 "[remote]") {
  add_remote(config_of("m"));
  for (auto& x : two) add_node(x);
  auto ns = placed_on("n1", two);
  nodes["n1"].backend->scripts.push_back(script::hang_after({"The weir ", "is "}));
  nodes["n2"].backend->scripts.push_back(script::answer({"three ", "feet."}));
  call(1, "m", 0, ns);
  advance(100ms);
  kill("n1");
  CHECK(remote_counter("remote-model-lost") == 1);
  advance(500ms);
  REQUIRE(calls().over(1));
  CHECK(outcome(1).status == run_status::complete);
  CHECK(outcome(1).text == "The weir is three feet.");
  CHECK(calls().deltas[1] == outcome(1).text);
  CHECK(calls().holes == 0);
  CHECK(outcome(1).attempts == 2);
  CHECK(nodes["n2"].backend->asked.at(0).messages.back().content == "The weir is ");
  CHECK(depth() == 0);
}

TEST_CASE_METHOD(remote_fixture, "what had not begun at a node that dies goes to another one, unseen",
                 "[remote]") {
  add_remote(config_of("m"));
  add_node("n1", config_of("m", 1)).backend->scripts.push_back(script::hang_after({}));
  add_node("n2");
  auto ns = placed_on("n1", two);
  ask(1, 1000, ns);
  ask(2, 1000, ns);
  kill("n1");
  REQUIRE(failure_of(1) != nullptr);
  CHECK(failure_of(1)->retryable);
  CHECK_FALSE(failure_of(1)->refused);
  CHECK(failure_of(1)->error.status == code::unavailable);
  advance(100ms);
  CHECK(failure_of(2) == nullptr);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(got().all<model_done>()[0].id == 2);
  CHECK(remote_counter("remote-model-passed-on", "gone") == 1);
}

TEST_CASE_METHOD(remote_fixture, "what a node does not read for a second is asked for elsewhere",
                 "[remote]") {
  auto cfg = config_of("m");
  cfg.timeout_ms = 10'000;
  add_remote(cfg);
  auto silent = add_silent_node("n1");
  add_node("n2");
  auto ns = placed_on("n1", two);
  ask(1, 5000, ns);
  CHECK(deref<probe<model_request>>(silent).all<model_request>().size() == 1);
  advance(900ms);
  CHECK(asked("n2") == 0);
  advance(300ms);
  REQUIRE(got().all<model_done>().size() == 1);
  CHECK(nodes["n2"].backend->asked.at(0).timeout_ms <= 4000); // what is left of its time
  CHECK(remote_counter("remote-model-passed-on", "silent") == 1);
  ask(2, 5000, ns); // the other one from the first
  CHECK(asked("n2") == 2);
  CHECK(remote_gauge("remote-model-requests") == 2); // one of them lies before the silent node
  advance(100ms);
  CHECK(got().all<model_done>().size() == 2);
}

TEST_CASE_METHOD(remote_fixture, "a link takes so many requests and no more, also when they are given up",
                 "[remote]") {
  add_remote(config_of("m"), {4, 1'000'000, 1s});
  auto silent = add_silent_node("n1");
  auto& sent = deref<probe<model_request>>(silent).all<model_request>();
  for (std::uint64_t id = 1; id <= 4; ++id) ask(id);
  for (std::uint64_t id = 1; id <= 4; ++id) cancel(id);
  ask(5);
  REQUIRE(failure_of(5) != nullptr);
  CHECK(failure_of(5)->refused);
  CHECK(failure_of(5)->error.status == code::too_many);
  CHECK(failure_of(5)->error.reason == "link_full");
  CHECK(failure_of(5)->error.scope == "link");
  CHECK(failure_of(5)->error.retry_after_ms > 0);
  CHECK(failure_of(5)->error.depth == 4);
  CHECK(failure_of(5)->error.limit == 4);
  CHECK(sent.size() == 4);
  CHECK(depth() == 0);
  CHECK(remote_gauge("remote-model-requests") == 4);
  CHECK(remote_gauge("remote-model-requests-limit") == 4);
  CHECK(remote_gauge("remote-model-unread-bytes") > 4 * 128);

  add_node("n2"); // the next in rank, where there is one
  ask(6);
  advance(100ms);
  CHECK(got().all<model_done>().size() == 1);

  for (auto& x : std::exchange(sent, {})) send(models.at("m").actor, model_receipt{x.id}); // it reads again
  CHECK(remote_gauge("remote-model-requests") == 0);
  CHECK(remote_gauge("remote-model-unread-bytes") == 0);
}

TEST_CASE_METHOD(remote_fixture, "the inbox bounds what has not begun on any node", "[remote]") {
  auto cfg = config_of("m");
  cfg.queue_limit = 3;
  add_remote(cfg);
  add_silent_node("n1");
  for (std::uint64_t id = 1; id <= 3; ++id) CHECK_FALSE(ask(id).refused());
  CHECK(ask(4).reason == "model_queue_full");
  CHECK(depth() == 3);
  cancel(1);
  CHECK_FALSE(ask(5).refused());
}

TEST_CASE_METHOD(remote_fixture,
                 "an attempt that no node answers fails shortly after its time, and can be tried again",
                 "[remote]") {
  add_remote(config_of("m"));
  add_silent_node("n1");
  ask(1, 300);
  advance(300ms);
  CHECK(failure_of(1) == nullptr);
  advance(remote_pool::answer_grace);
  REQUIRE(failure_of(1) != nullptr);
  CHECK(failure_of(1)->error.status == code::deadline);
  CHECK(failure_of(1)->retryable);
  CHECK(depth() == 0);
}

TEST_CASE_METHOD(remote_fixture, "a caller that is gone takes its calls with it, on the other node too",
                 "[remote]") {
  add_remote(config_of("m"));
  add_node("n1").backend->scripts.push_back(script::hang_after({}));
  call(1, "m");
  CHECK(nodes["n1"].backend->open == 1);
  caf::anon_send_exit(who, caf::exit_reason::kill);
  run();
  CHECK(nodes["n1"].backend->open == 0);
  CHECK(depth() == 0);
}

TEST_CASE_METHOD(remote_fixture, "what namespaces use is counted where they ask, their quota too",
                 "[remote]") {
  tokens_per_min = 5;
  add_remote(config_of("m"));
  add_node("n1").backend->scripts.push_back(script::answer({"a", "b", "c"}));
  call(1, "m");
  advance(100ms);
  CHECK(counted("usage-calls", {{"namespace", std::string{"demo"}}, {"model", std::string{"m"}}}) == 1);
  call(2, "m");
  REQUIRE(calls().over(2));
  CHECK(outcome(2).error.reason == "quota");
  CHECK(asked("n1") == 1);
}

TEST_CASE_METHOD(remote_fixture, "a remote pool that is made again knows the nodes that its predecessor knew",
                 "[remote]") {
  add_remote(config_of("m"));
  auto silent = add_silent_node("n1");
  auto& sent = deref<probe<model_request>>(silent).all<model_request>();
  ask(1);
  REQUIRE(sent.size() == 1);
  caf::anon_send_exit(sent[0].sink, caf::exit_reason::out_of_workers);
  advance(500ms);
  REQUIRE(failure_of(1) != nullptr); // it says so of what it had in hand
  CHECK(failure_of(1)->retryable);
  ask(2);
  REQUIRE(sent.size() == 2);
  CHECK(sent[1].sink != sent[0].sink);
}

TEST_CASE_METHOD(remote_fixture, "a node that retires ends what it has, and the next is asked", "[remote]") {
  add_remote(config_of("m"));
  for (auto& x : two) add_node(x);
  auto ns = placed_on("n1", two);
  nodes["n1"].backend->scripts.push_back(script::answer({"How", " deep"}));
  ask(1, 1000, ns);
  CHECK(asked("n1") == 1);
  nodes["n1"].retiring = true;
  tell();
  run();
  auto over = false;
  auto waits = [&over, pool = nodes["n1"].pool.actor](caf::event_based_actor* self) {
    self->request(pool, caf::infinite, vacate_atom_v).then([&over] { over = true; });
  };
  sys.spawn(waits);
  run();
  CHECK_FALSE(over);
  ask(2, 1000, ns);
  CHECK(asked("n1") == 1);
  CHECK(asked("n2") == 1);
  advance(200ms);
  CHECK(got().all<model_done>().size() == 2);
  CHECK(got().all<model_failed>().empty());
  CHECK(over);
}
