#include "actors/core/meta_objects.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/model_call.hpp"
#include "net/io_thread.hpp"
#include "net/openai_backend.hpp"
#include "tests/support/model_server.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <thread>

// Real sockets and the real clock: the one place where a wall time is checked, because "within the deadline
// plus 100 ms" is what is promised of a model that misbehaves.

using namespace weir;
using namespace weir::test;

namespace {

using clock_type = std::chrono::steady_clock;

constexpr std::int64_t deadline_ms = 300;
constexpr std::int64_t slack_ms = 100;

struct finished_call {
  call_outcome outcome;
  std::string deltas;
  std::int64_t wall_ms = 0;
};

/// Makes one call and ends.
class one_call : public caf::event_based_actor {
public:
  one_call(caf::actor_config& cfg, const model_directory& models, model_question what,
           std::shared_ptr<std::promise<finished_call>> result)
    : caf::event_based_actor(cfg), models_(models), what_(std::move(what)), result_(std::move(result)) {}

  caf::behavior make_behavior() override {
    began_ = clock_type::now();
    call_ = model_call::make(this, models_, what_,
                             {[this](std::uint64_t, const std::string& text) { deltas_ += text; },
                              [this](const call_outcome& x) { finish(x); }});
    call_->start();
    return {
        [this](const model_piece& x) { call_->on(x); },
        [this](const model_done& x) { call_->on(x); },
        [this](const model_failed& x) { call_->on(x); },
        [this](model_cancel_atom, std::uint64_t) { call_->cancel(); },
    };
  }

private:
  void finish(const call_outcome& x) {
    auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(clock_type::now() - began_);
    result_->set_value({x, deltas_, wall.count()});
    quit();
  }

  const model_directory& models_;
  model_question what_;
  std::shared_ptr<std::promise<finished_call>> result_;
  std::shared_ptr<model_call> call_;
  std::string deltas_;
  clock_type::time_point began_;
};

struct openai_fixture {
  openai_fixture() : sys(configure()), io(sys, 1) { io.start(); }

  ~openai_fixture() {
    for (auto& x : models) caf::anon_send_exit(x.second.actor, caf::exit_reason::user_shutdown);
    models.clear();
    sys.await_all_actors_done();
  }

  model_config config_of(const std::string& name) {
    model_config x;
    x.name = name;
    x.backend = openai_config{server.url(), "tiny", ""};
    x.workers = 2;
    x.timeout_ms = deadline_ms;
    x.retries = 1;
    return x;
  }

  void add_pool(const model_config& cfg) {
    auto& settings = std::get<openai_config>(cfg.backend);
    REQUIRE_FALSE(check_openai_config(settings).refused());
    models.insert_or_assign(cfg.name, make_pool(sys, cfg, make_openai_backend(io.at(0), settings), io.at(0)));
  }

  std::future<finished_call> begin(const std::string& model = "m") {
    auto result = std::make_shared<std::promise<finished_call>>();
    model_question what{1, "demo", model, {{"user", "How deep?"}}, 0, 7};
    last = sys.spawn<one_call>(models, what, result);
    return result->get_future();
  }

  finished_call call(const std::string& model = "m") {
    auto result = begin(model);
    REQUIRE(result.wait_for(std::chrono::seconds{5}) == std::future_status::ready);
    return result.get();
  }

  caf::actor_system_config& configure() {
    init_meta_objects();
    cfg.set("caf.scheduler.max-threads", 2u);
    return cfg;
  }

  caf::actor_system_config cfg;
  caf::actor_system sys;
  io_threads io;
  model_server server;
  model_directory models;
  caf::actor last;
};

using start = server_reply::start;
using ending = server_reply::ending;

server_reply with(server_reply x, void (*change)(server_reply&)) {
  change(x);
  return x;
}

server_reply raw(std::vector<std::string> body) {
  server_reply x;
  x.raw = std::move(body);
  return x;
}

struct behaviour {
  const char* what;
  std::vector<server_reply> replies; // the last one again and again
  run_status status;
  std::uint32_t attempts;
  std::string text;
  const char* error; // found in the error's message
};

const std::vector<std::string> two{"Two", " pieces"};

std::vector<behaviour> behaviours() {
  auto good = server_reply::answer({"Good", " answer"});
  auto rest = server_reply::answer({" and", " the rest"});
  auto odd = server_reply::answer({"Über", " 🌊"}, "\r\n");
  odd.raw.insert(odd.raw.begin(), ": OPENROUTER PROCESSING\r\n\r\n");
  odd.split_bytes = 1;
  auto slow = server_reply::answer({"a", "b", "c", "d"});
  slow.pause_ms = 20;
  auto malformed = raw({chunk_event("Two"), chunk_event(" pieces"), "data: {\"choices\": [\n\n"});
  auto error_object =
      raw({chunk_event("Two"), chunk_event(" pieces"), "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"});
  auto cut = server_reply::begin_with(two, ending::cut);
  auto short_stream = server_reply::begin_with(two, ending::whole);
  auto hang = with({}, [](server_reply& x) { x.begin = start::hang; });
  auto html = raw({"<html>"});
  html.content_type = "text/html";
  return {
      {"answers", {good}, run_status::complete, 1, "Good answer", ""},
      {"answers with CRLF, comments, byte by byte", {odd}, run_status::complete, 1, "Über 🌊", ""},
      {"answers slowly, in time", {slow}, run_status::complete, 1, "abcd", ""},
      {"hangs for ever", {hang}, run_status::failed, 1, "", "within 300 ms"},
      {"stalls before the stream",
       {server_reply::begin_with({}, ending::hang)},
       run_status::failed,
       1,
       "",
       "within 300 ms"},
      {"stalls after two pieces",
       {server_reply::begin_with(two, ending::hang)},
       run_status::partial,
       1,
       "Two pieces",
       "within 300 ms"},
      {"resets every connection",
       {with({}, [](server_reply& x) { x.begin = start::reset; })},
       run_status::failed,
       2,
       "",
       "was lost"},
      {"malformed first piece",
       {raw({"data: {\n\n"})},
       run_status::failed,
       1,
       "",
       "malformed chunk (not JSON): {"},
      {"malformed after two pieces", {malformed}, run_status::partial, 1, "Two pieces", "malformed chunk"},
      {"not a stream", {html}, run_status::failed, 1, "", "content type 'text/html'"},
      {"429 with Retry-After beyond the time",
       {server_reply::http_error(429, "1")},
       run_status::failed,
       1,
       "",
       "answered 429"},
      {"429 with Retry-After: 0, then answers",
       {server_reply::http_error(429, "0"), good},
       run_status::complete,
       2,
       "Good answer",
       ""},
      {"500", {server_reply::http_error(500)}, run_status::failed, 2, "", "answered 500: {\"error\""},
      {"500, then answers",
       {server_reply::http_error(500), good},
       run_status::complete,
       2,
       "Good answer",
       ""},
      {"400", {server_reply::http_error(400)}, run_status::failed, 1, "", "answered 400"},
      {"cuts every stream after two pieces",
       {cut},
       run_status::partial,
       2,
       "Two piecesTwo pieces",
       "was lost"},
      {"cuts after two pieces, then goes on",
       {cut, rest},
       run_status::complete,
       2,
       "Two pieces and the rest",
       ""},
      {"ends the stream without [DONE], then goes on",
       {short_stream, rest},
       run_status::complete,
       2,
       "Two pieces and the rest",
       ""},
      {"error object after two pieces, then goes on",
       {error_object, rest},
       run_status::complete,
       2,
       "Two pieces and the rest",
       ""},
  };
}

void print(const char* what, const finished_call& x) {
  std::printf("| %-46s | %-9s | %8u | %11lld | %10lld |\n", what, to_string(x.outcome.status),
              x.outcome.attempts, static_cast<long long>(x.outcome.first_piece_ms),
              static_cast<long long>(x.wall_ms));
}

} // namespace

TEST_CASE_METHOD(openai_fixture, "whatever the model server does, a call ends as the rules say, in time") {
  add_pool(config_of("m"));
  std::printf("| %-46s | %-9s | %8s | %11s | %10s |\n", "the server", "status", "attempts", "first piece",
              "ended (ms)");
  for (auto& row : behaviours()) {
    INFO(row.what);
    server.set(row.replies);
    auto x = call();
    print(row.what, x);
    CHECK(x.outcome.status == row.status);
    CHECK(x.outcome.attempts == row.attempts);
    CHECK(x.outcome.text == row.text);
    CHECK(x.deltas == row.text);
    CHECK(x.outcome.error.message.find(row.error) != std::string::npos);
    CHECK(x.outcome.error.refused() == (row.status != run_status::complete));
    CHECK(x.wall_ms <= deadline_ms + slack_ms);
  }
}

TEST_CASE_METHOD(openai_fixture, "a server that is not there is tried again, then the call fails") {
  add_pool(config_of("m"));
  server.stop_listening();
  auto x = call();
  print("refuses connections", x);
  CHECK(x.outcome.status == run_status::failed);
  CHECK(x.outcome.attempts == 2);
  CHECK(x.outcome.error.status == code::unavailable);
  CHECK(x.outcome.error.message.find("cannot connect: Connection refused") != std::string::npos);
  CHECK(x.wall_ms <= deadline_ms + slack_ms);
}

TEST_CASE_METHOD(openai_fixture, "a fallback answers for a server that hangs") {
  model_server healthy;
  healthy.set({server_reply::answer({"From", " the other"})});
  auto cfg = config_of("m");
  server.set({with({}, [](server_reply& x) { x.begin = start::hang; })});
  SECTION("another pool, where the first attempt has a limit") {
    cfg.retries = 0;
    cfg.attempt_timeout_ms = 100;
    cfg.fallback = {{false, "other"}};
    auto other = config_of("other");
    other.backend = openai_config{healthy.url(), "tiny", ""};
    add_pool(other);
    add_pool(cfg);
    auto x = call();
    print("hangs; another model answers", x);
    CHECK(x.outcome.status == run_status::degraded);
    CHECK(x.outcome.text == "From the other");
    CHECK(x.wall_ms <= deadline_ms);
  }
  SECTION("a canned text, at the deadline") {
    cfg.fallback = {{true, "Come again."}};
    add_pool(cfg);
    auto x = call();
    print("hangs; there is a canned text", x);
    CHECK(x.outcome.status == run_status::degraded);
    CHECK(x.outcome.text == "Come again.");
    CHECK(x.wall_ms <= deadline_ms + slack_ms);
  }
}

TEST_CASE_METHOD(openai_fixture,
                 "a call that is cancelled, or out of time, closes its connection to the server") {
  add_pool(config_of("m"));
  server.set({server_reply::begin_with(two, ending::hang)});
  auto result = begin();
  REQUIRE(server.wait_for_open(1));
  SECTION("cancelled") {
    caf::anon_send(last, model_cancel_atom_v, std::uint64_t{1});
    CHECK(result.get().outcome.status == run_status::cancelled);
  }
  SECTION("out of time") { CHECK(result.get().outcome.status == run_status::partial); }
  SECTION("its owner died") { caf::anon_send_exit(last, caf::exit_reason::kill); }
  CHECK(server.wait_for_open(0));
}

TEST_CASE_METHOD(openai_fixture,
                 "connections are kept alive, and one that the server has closed costs no attempt") {
  add_pool(config_of("m"));
  for (int i = 0; i < 5; ++i) {
    CHECK(call().outcome.status == run_status::complete);
    std::this_thread::sleep_for(std::chrono::milliseconds{20}); // the response ends after the answer
  }
  CHECK(server.connections() == 1);
  // The kept connection is reset as its next request comes: a fresh one is made within the same attempt.
  server.set({with({}, [](server_reply& x) { x.begin = start::reset; }), server_reply::answer({"ok"})});
  auto x = call();
  CHECK(x.outcome.status == run_status::complete);
  CHECK(x.outcome.attempts == 1);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(openai_fixture, "no more connections are kept alive than the bound says") {
  auto cfg = config_of("m");
  cfg.workers = openai_idle_limit + 4;
  cfg.timeout_ms = 5000;
  add_pool(cfg);
  auto slow = server_reply::answer({"slow"});
  slow.pause_ms = 50;
  server.set({slow});
  std::vector<std::future<finished_call>> results;
  for (std::uint32_t i = 0; i < cfg.workers; ++i) results.push_back(begin());
  CHECK(server.wait_for_open(static_cast<int>(cfg.workers)));
  for (auto& x : results) CHECK(x.get().outcome.status == run_status::complete);
  CHECK(server.wait_for_open(static_cast<int>(openai_idle_limit)));
}

TEST_CASE_METHOD(openai_fixture,
                 "the server is sent the conversation, the key, and what there is to go on from") {
  ::setenv("WEIR_TEST_MODEL_KEY", "sk-for-the-test", 1);
  auto cfg = config_of("m");
  std::get<openai_config>(cfg.backend).api_key_env = "WEIR_TEST_MODEL_KEY";
  add_pool(cfg);
  server.set({server_reply::begin_with(two, ending::cut), server_reply::answer({"!"})});
  auto x = call();
  CHECK(x.outcome.text == "Two pieces!");
  CHECK(x.outcome.usage.input_tokens == 11);
  CHECK(server.last_header("Authorization") == "Bearer sk-for-the-test");
  auto bodies = server.bodies();
  REQUIRE(bodies.size() == 2);
  CHECK(bodies[0].find(R"("messages":[{"content":"How deep?","role":"user"}])") != std::string::npos);
  CHECK(bodies[1].find(R"({"content":"Two pieces","role":"assistant"})") != std::string::npos);
}

TEST_CASE("an openai model that cannot work is refused at configuration time, by name") {
  CHECK(check_openai_config({"https://api.example/v1", "m", ""}).message.find("not in this version yet")
        != std::string::npos);
  CHECK(check_openai_config({"http://localhost/v1", "", ""}).message.find("model:") == 0);
  CHECK(check_openai_config({"http://localhost/v1", "m", "WEIR_NO_SUCH_KEY"}).message.find("WEIR_NO_SUCH_KEY")
        != std::string::npos);
  ::setenv("WEIR_TEST_BAD_KEY", "a\r\nb", 1);
  CHECK(check_openai_config({"http://localhost/v1", "m", "WEIR_TEST_BAD_KEY"}).refused());
  CHECK_FALSE(check_openai_config({"http://localhost/v1", "m", ""}).refused());
}
