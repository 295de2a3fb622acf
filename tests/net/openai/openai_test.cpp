#include "tests/support/openai_fixture.hpp"

#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <optional>
#include <thread>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;

namespace {

using ending = server_reply::ending;

const std::vector<std::string> two{"Two", " pieces"};

struct attempt_result {
  std::string text;
  std::optional<model_done> done;
  std::optional<model_failed> failed;
};

/// Makes one attempt at a pool, and ends.
class one_attempt : public caf::event_based_actor {
public:
  one_attempt(caf::actor_config& cfg, pool_handle pool, model_request what,
              std::shared_ptr<std::promise<attempt_result>> result)
    : caf::event_based_actor(cfg), pool_(std::move(pool)), what_(std::move(what)),
      result_(std::move(result)) {}

  caf::behavior make_behavior() override {
    what_.sink = caf::actor_cast<caf::actor>(this);
    pool_.box->offer(this, pool_.actor, std::move(what_));
    return {
        [this](const model_piece& x) { got_.text += x.text; },
        [this](const model_done& x) {
          got_.done = x;
          end();
        },
        [this](const model_failed& x) {
          got_.failed = x;
          end();
        },
    };
  }

private:
  void end() {
    result_->set_value(got_);
    quit();
  }

  pool_handle pool_;
  model_request what_;
  attempt_result got_;
  std::shared_ptr<std::promise<attempt_result>> result_;
};

class one_server : public openai_fixture {
public:
  attempt_result attempt(const model_request& what) {
    auto result = std::make_shared<std::promise<attempt_result>>();
    auto future = result->get_future();
    sys.spawn<one_attempt>(models.at("m"), what, result);
    REQUIRE(future.wait_for(10s) == std::future_status::ready);
    return future.get();
  }

  model_config config_of(const std::string& name, std::int64_t timeout_ms = 500) {
    return openai_fixture::config_of(name, timeout_ms, server);
  }

  model_server server;
};

/// Waits for what another thread does.
template <class F>
bool soon(F is_so) {
  for (int i = 0; i < 200 && !is_so(); ++i) std::this_thread::sleep_for(5ms);
  return is_so();
}

} // namespace

TEST_CASE_METHOD(one_server,
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

TEST_CASE_METHOD(one_server,
                 "connections are kept alive, and one that the server has closed costs no attempt") {
  add_pool(config_of("m"));
  for (int i = 0; i < 5; ++i) {
    CHECK(call().outcome.status == run_status::complete);
    CHECK(soon([this] { return idle_connections() == 1; })); // the response ends after the answer
  }
  CHECK(server.connections() == 1);
  // The kept connection is reset as its next request comes: a fresh one is made within the same attempt.
  server.set({server_reply{}.but([](auto& x) { x.begin = server_reply::start::reset; }),
              server_reply::answer({"ok"})});
  auto x = call();
  CHECK(x.outcome.status == run_status::complete);
  CHECK(x.outcome.attempts == 1);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(one_server, "a kept connection that the server has timed out costs no attempt") {
  auto status = GENERATE(408U, 425U);
  add_pool(config_of("m"));
  server.set({server_reply::answer({"first"})});
  CHECK(call().outcome.status == run_status::complete);
  REQUIRE(soon([this] { return idle_connections() == 1; }));
  server.set({server_reply::http_error(status), server_reply::answer({"ok"})});
  auto x = call();
  CHECK(x.outcome.status == run_status::complete);
  CHECK(x.outcome.attempts == 1);
  CHECK(server.connections() == 2);
}

TEST_CASE_METHOD(one_server, "interim responses without end are no answer") {
  add_pool(config_of("m"));
  std::string raw;
  for (int i = 0; i < 20; ++i) raw += "HTTP/1.1 102 Processing\r\n\r\n";
  server.set({server_reply{}.but([&raw](auto& x) { x.raw_head = raw; })});
  auto x = call();
  CHECK(x.outcome.status == run_status::failed);
  CHECK(x.outcome.error.message.find("more than 16 interim responses") != std::string::npos);
}

TEST_CASE_METHOD(one_server, "an answer that is over ends although the server stays silent, with its usage") {
  add_pool(config_of("m", 5000));
  auto whole = server_reply::answer({"Good"});
  whole.raw.pop_back(); // [DONE]
  whole.end = ending::hang;
  server.set({whole});
  auto x = call();
  CHECK(x.outcome.status == run_status::complete);
  CHECK(x.outcome.usage.input_tokens == 11);
  CHECK(x.wall_ms < 2000);
  CHECK(server.wait_for_open(0)); // it is of no more use
}

TEST_CASE_METHOD(one_server, "no more connections are kept alive than the bound says") {
  auto cfg = config_of("m", 5000);
  cfg.workers = openai_idle_limit + 4;
  add_pool(cfg);
  auto slow = server_reply::answer({"slow"});
  slow.pause_ms = 50;
  server.set({slow});
  std::vector<std::future<finished_call>> results;
  for (std::uint32_t i = 0; i < cfg.workers; ++i) results.push_back(begin());
  CHECK(server.wait_for_open(static_cast<int>(cfg.workers)));
  for (auto& x : results) CHECK(x.get().outcome.status == run_status::complete);
  CHECK(server.wait_for_open(static_cast<int>(openai_idle_limit)));
  CHECK(soon([this] { return idle_connections() == static_cast<std::int64_t>(openai_idle_limit); }));
  caf::anon_send_exit(models.at("m").actor, caf::exit_reason::user_shutdown);
  CHECK(soon([this] { return idle_connections() == 0; }));
  CHECK(server.wait_for_open(0));
}

TEST_CASE_METHOD(one_server,
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

TEST_CASE_METHOD(one_server, "a request carries what is configured, and what the call says over it") {
  ::setenv("WEIR_TEST_HEADER", "sk-in-a-header", 1);
  auto cfg = config_of("m");
  auto& where = std::get<openai_config>(cfg.backend);
  where.headers = {{"X-Title", "Weir"}, {"User-Agent", "other"}};
  where.headers_env = {{"api-key", "WEIR_TEST_HEADER"}};
  where.query = {{"api-version", "2024-10-21"}, {"a b", "&=\xC3\xA4"}};
  where.request.temperature = 0.5;
  where.request.max_tokens = 64;
  where.request.stop = {"END"};
  where.request.response_format = R"({"type":"json_object"})";
  add_pool(cfg);
  model_request what{1, "demo", {{"user", "How deep?"}}, 0, {}};
  what.options.temperature = 0;
  what.options.seed = 7;
  what.options.top_p = 0.9;
  REQUIRE(attempt(what).done);
  CHECK(server.last_header("X-Title") == "Weir");
  CHECK(server.last_header("User-Agent") == "other");
  CHECK(server.last_header("api-key") == "sk-in-a-header");
  CHECK(server.last_header("Accept-Encoding") == "identity");
  CHECK(server.last_header("Authorization").empty());
  CHECK(server.last_target() == "/v1/chat/completions?a%20b=%26%3D%C3%A4&api-version=2024-10-21");
  auto body = nlohmann::json::parse(server.bodies().back());
  CHECK(body.at("temperature") == 0.0);
  CHECK(body.at("top_p") == 0.9);
  CHECK(body.at("max_tokens") == 64);
  CHECK(body.at("seed") == 7);
  CHECK(body.at("stop") == nlohmann::json::array({"END"}));
  CHECK(body.at("response_format").at("type") == "json_object");
  server.set({server_reply::http_error(401).but(
      [](auto& x) { x.raw = {"{\"error\":\"bad key sk-in-a-header\"}"}; })});
  auto refused = attempt(what);
  REQUIRE(refused.failed);
  CHECK(refused.failed->error.message == "the model server answered 401");
  CHECK(refused.failed->error.detail.find("bad key ***") != std::string::npos);
}

TEST_CASE_METHOD(one_server, "a model asks for tools, and is told what they gave") {
  add_pool(config_of("m"));
  server.set({server_reply::tools({R"([{"index":0,"id":"","function":{"name":"depth","arguments":"{}"}}])"}),
              server_reply::answer({"2 m"})});
  model_request what{1, "demo", {{"user", "How deep?"}},
                     0, {},     {{"depth", "How deep.", R"({"type":"object"})"}}};
  auto asks = attempt(what);
  REQUIRE(asks.done);
  CHECK(asks.text.empty());
  REQUIRE(asks.done->end.tool_calls.size() == 1);
  CHECK(asks.done->end.tool_calls[0].id == "call_1_0");
  what.messages.push_back({"assistant", "", asks.done->end.tool_calls, ""});
  what.messages.push_back({"tool", "2", {}, "call_1_0"});
  CHECK(attempt(what).text == "2 m");
  auto bodies = server.bodies();
  CHECK(bodies.at(0).find(R"("tools":[{"function":{"description":"How deep.","name":"depth")")
        != std::string::npos);
  CHECK(bodies.at(1).find(R"({"content":"2","role":"tool","tool_call_id":"call_1_0"})") != std::string::npos);
}

TEST_CASE_METHOD(one_server, "a request that cannot be written fails by name, and nobody is asked") {
  add_pool(config_of("m"));
  auto got = attempt({1, "demo", {{"user", "How deep?"}}, 0, {}, {{"depth", "", "no JSON"}}});
  REQUIRE(got.failed);
  CHECK(got.failed->error.message == "tool depth: its parameters must be a JSON object");
  CHECK_FALSE(got.failed->retryable);
  CHECK(server.requests() == 0);
}

TEST_CASE_METHOD(one_server, "the pieces of a tool call are signs of life, comments are none") {
  auto cfg = config_of("m", 2000);
  cfg.stall_timeout_ms = 200;
  cfg.first_piece_timeout_ms = 200;
  add_pool(cfg);
  std::vector<std::string> pieces{R"([{"index":0,"id":"a","function":{"name":"f","arguments":""}}])"};
  for (int i = 0; i < 8; ++i) pieces.push_back(R"([{"index":0,"function":{"arguments":" "}}])");
  server.set({server_reply::tools(pieces).but([](auto& x) { x.pause_ms = 50; }),
              server_reply::stream({}, ending::trickle)});
  auto whole = attempt({1, "demo", {{"user", "How deep?"}}, 0, {}});
  REQUIRE(whole.done);
  CHECK(whole.done->end.tool_calls.at(0).arguments == std::string(8, ' '));
  auto trickle = attempt({1, "demo", {{"user", "How deep?"}}, 0, {}});
  REQUIRE(trickle.failed);
  CHECK(trickle.failed->error.message.find("said nothing for 200 ms") != std::string::npos);
}

TEST_CASE("an openai model that cannot work is refused at configuration time, by name") {
  auto refused = [](openai_config x) { return check_openai_config(x).message; };
  CHECK(refused({"ftp://api.example/v1", "m", ""}).find("url: ") == 0);
  CHECK(refused({"http://localhost/v1", "", ""}).find("model:") == 0);
  CHECK(refused({"http://localhost/v1", "m", "WEIR_NO_SUCH_KEY"}).find("WEIR_NO_SUCH_KEY")
        != std::string::npos);
  ::setenv("WEIR_TEST_BAD_KEY", "a\r\nb", 1);
  auto bad_key = refused({"http://localhost/v1", "m", "WEIR_TEST_BAD_KEY"});
  CHECK(bad_key.find("api_key_env:") == 0);
  CHECK(bad_key.find("a\r\nb") == std::string::npos);
  CHECK(refused({"http://localhost/v1/chat/completions", "m", ""}).find("must end before /chat/completions")
        != std::string::npos);
  auto with_header = [&refused](std::string name, std::string value) {
    openai_config x{"http://localhost/v1", "m", ""};
    x.headers = {{std::move(name), std::move(value)}};
    return refused(x);
  };
  CHECK(with_header("X Y", "z") == "headers.X Y: is not the name of a header");
  CHECK(with_header("content-length", "7") == "headers.content-length: is set by the node itself");
  CHECK(with_header("X-Y", "a\r\nZ: b") == "headers.X-Y: has characters that no header takes");
  CHECK(with_header("X-Y", "a b").empty());
  openai_config from_env{"http://localhost/v1", "m", ""};
  from_env.headers_env = {{"X-Y", "WEIR_NO_SUCH_HEADER"}};
  CHECK(refused(from_env) == "headers_env.X-Y: the variable WEIR_NO_SUCH_HEADER is not set");
  ::setenv("WEIR_TEST_HEADER", "x", 1);
  from_env.headers_env = {{"X-Y", "WEIR_TEST_HEADER"}};
  CHECK(refused(from_env).empty());
  from_env.headers = {{"x-y", "z"}};
  CHECK(refused(from_env) == "headers_env.X-Y: is in headers, too");
  CHECK(refused({"http://localhost/v1", "m", ""}).empty());
  CHECK(refused({"https://localhost/v1", "m", ""}).empty());
}
