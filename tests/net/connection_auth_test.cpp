// What a connection makes of tokens and rights, over fakes.

#include "actors/auth/jws.hpp"
#include "tests/support/connection_fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace std::chrono_literals;
using nlohmann::json;
using test::connection_fixture;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now_s = 1'800'000'000;

class auth_fixture : public connection_fixture {
public:
  auth_fixture() {
    shared->wall_clock_ms = [] { return now_s * 1000; };
    settings.mode = authenticator::mode::jwt;
    settings.keys = {std::get<auth::verification_key>(
        auth::verification_key::from_secret(secret, auth::algorithm::hs256))};
    settings.default_namespace = "demo";
    apply();
  }

  void apply() { shared->authentication = std::make_shared<authenticator>(sys, settings); }

  std::string token(const json& rights = nullptr, const json& more = json::object()) {
    json claims{{"sub", "alice"}, {"ns", "demo"}, {"exp", now_s + 600}};
    if (!rights.is_null()) claims["weir"] = rights;
    claims.update(more);
    return auth::sign_jws(claims.dump(), auth::algorithm::hs256, secret);
  }

  json hello(const std::string& token, json frame = json::object()) {
    frame["op"] = "hello";
    if (!token.empty()) frame["token"] = token;
    open();
    return ask(frame.dump());
  }

  /// Says a hello that is not accepted, and waits for the answer.
  json denied(const std::string& token, json frame = json::object()) {
    frame["op"] = "hello";
    if (!token.empty()) frame["token"] = token;
    open();
    say(frame.dump());
    CHECK(socket->sent.empty()); // the answer is slow
    say(R"({"op":"publish","type":"a","message_id":"m","data":1})");
    CHECK(socket->sent.empty());
    pass(connection::denial_delay + 2 * timer_wheel::tick);
    CHECK(gate.relay.publishes.empty());
    CHECK(socket->closed_with == close_code::policy);
    return take();
  }

  authenticator::config settings;
};

} // namespace

TEST_CASE_METHOD(auth_fixture, "a token says who comes and where to", "[auth]") {
  auto welcome = hello(token(), {{"client_id", "mallory"}});
  CHECK(welcome["op"] == "welcome");
  CHECK(welcome["client_id"] == "alice");
  CHECK(welcome["namespace"] == "demo");
  CHECK(gate.inside["demo"] == 1);
}

TEST_CASE_METHOD(auth_fixture, "who comes without a good token is refused, later and without the reason",
                 "[auth]") {
  for (const auto& bad : {std::string{}, std::string{"x"}, token(nullptr, {{"sub", "a b"}}),
                          auth::sign_jws("{}", auth::algorithm::hs256, std::string(32, 'x'))}) {
    auto error = denied(bad);
    CHECK(error["op"] == "error");
    CHECK(error["code"] == 401);
    CHECK(error["reason"] == "unauthenticated");
    CHECK(error.dump().find("signature") == std::string::npos);
  }
  CHECK(denied(token(nullptr, {{"exp", now_s - 60}}))["reason"] == "token_expired");
  CHECK(denied(token(nullptr, {{"ns", "other"}}), {{"namespace", "demo"}})["code"] == 403);
}

TEST_CASE_METHOD(auth_fixture, "anonymous clients get an id of their own and the rights that are configured",
                 "[auth]") {
  settings.anonymous_rights_json = R"({"subscribe":["news.>"]})";
  apply();
  auto welcome = hello({}, {{"client_id", "alice"}});
  auto id = welcome["client_id"].get<std::string>();
  CHECK(id.rfind("anon:", 0) == 0);
  CHECK(ask(R"({"op":"publish","type":"news.a","message_id":"m","data":1})")["code"] == 403);
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"news.*"})")["op"] == "ok");
  auto session = welcome["session"].get<std::string>();
  line->on_closed(1006, {});
  run();
  CHECK(hello({}, {{"session", session}})["client_id"] == id); // it resumes its session
}

TEST_CASE_METHOD(auth_fixture, "what no right covers is refused by name, and what one covers is done",
                 "[auth]") {
  hello(token({{"publish", {"chat.{sub}.>"}}, {"subscribe", {"chat.*.reply"}}}));
  auto error = ask(R"({"op":"publish","type":"chat.bob.x","message_id":"m1","data":1})");
  CHECK(error["code"] == 403);
  CHECK(error["reason"] == "forbidden");
  CHECK(error["message_id"] == "m1");
  CHECK(error["message"].get<std::string>().find("chat.bob.x") != std::string::npos);
  CHECK(gate.relay.publishes.empty());
  say(R"({"op":"publish","type":"chat.alice.x","message_id":"m2","data":1})");
  CHECK(gate.relay.publishes.size() == 1);
  CHECK(ask(R"({"op":"subscribe","id":"s","pattern":"chat.>"})")["id"] == "s");
  CHECK(gate.relay.patterns.empty());
}

TEST_CASE_METHOD(auth_fixture, "a client publishes as another where its token names the other", "[auth]") {
  hello(token({{"publish", {">"}}, {"as", {"bob"}}}));
  say(R"({"op":"publish","type":"a","message_id":"m1","data":1,"as":"bob"})");
  REQUIRE(gate.relay.publishes.size() == 1);
  CHECK(gate.relay.publishes[0].what.client_id == "bob");
  answer done;
  done.seq = 41;
  line->on_answer(gate.relay.publishes[0].reference, done);
  settle();
  CHECK(take()["event_id"] == "bob/m1");
  CHECK(ask(R"({"op":"publish","type":"a","message_id":"m2","data":1,"as":"carol"})")["code"] == 403);
}

TEST_CASE_METHOD(auth_fixture, "a new token's rights hold at once, and subscriptions without one end",
                 "[auth]") {
  hello(token({{"subscribe", {"a.>", "b.>"}}}));
  REQUIRE(ask(R"({"op":"subscribe","id":"sa","pattern":"a.x"})")["op"] == "ok");
  REQUIRE(ask(R"({"op":"subscribe","id":"sb","pattern":"b.x"})")["op"] == "ok");
  auto ok = ask(json{{"op", "auth"}, {"token", token({{"subscribe", {"b.>"}}, {"publish", {"p"}}})}}.dump());
  CHECK(ok["op"] == "ok");
  CHECK(ok["expires_in_ms"] == 600'000);
  auto error = take();
  CHECK(error["code"] == 403);
  CHECK(error["id"] == "sa");
  CHECK(socket->sent.empty());
  CHECK(gate.relay.patterns == std::vector<std::string>{"b.x"});
  say(R"({"op":"publish","type":"p","message_id":"m","data":1})");
  CHECK(gate.relay.publishes.size() == 1);
}

TEST_CASE_METHOD(auth_fixture, "a token of another client or namespace changes nothing", "[auth]") {
  hello(token({{"publish", {"p"}}}));
  CHECK(ask(json{{"op", "auth"}, {"token", token(nullptr, {{"sub", "bob"}})}}.dump())["code"] == 403);
  CHECK(ask(json{{"op", "auth"}, {"token", token(nullptr, {{"ns", "other"}})}}.dump())["code"] == 403);
  CHECK(ask(json{{"op", "auth"}, {"token", "x"}, {"id", "r"}}.dump())["id"] == "r");
  CHECK(ask(R"({"op":"publish","type":"q","message_id":"m","data":1})")["code"] == 403);
}

TEST_CASE_METHOD(auth_fixture, "a token that ends is warned of, then the client is told and closed",
                 "[auth]") {
  hello(token(nullptr, {{"exp", now_s + 10}}));
  pass(8500ms);
  auto warning = take();
  CHECK(warning["op"] == "token_expiring");
  CHECK(warning["expires_in_ms"].get<int>() <= 2'000);
  CHECK(socket->sent.empty());
  pass(2000ms);
  CHECK(take()["reason"] == "token_expired");
  CHECK(socket->closed_with == close_code::policy);
}

TEST_CASE_METHOD(auth_fixture, "a token that is refreshed in time does not end", "[auth]") {
  hello(token(nullptr, {{"exp", now_s + 10}}));
  REQUIRE(ask(json{{"op", "auth"}, {"token", token(nullptr, {{"exp", now_s + 100}})}}.dump())["op"] == "ok");
  pass(20s);
  CHECK(socket->sent.empty());
  CHECK_FALSE(socket->closed_with);
}

TEST_CASE_METHOD(auth_fixture, "a session that is resumed with fewer rights loses what they do not cover",
                 "[auth]") {
  auto& known = gate.relay.session;
  known.session = "s9";
  known.resumed = true;
  known.seq = 40;
  known.subscriptions = {
      {"sa", "a.x", {}, false, 40}, {"sb", "b.x", {}, false, 40}, {"sq", "b.y", "g", true, 40}};
  auto session = shared->signer->sign({"demo", "alice", "s9", shared->wall_clock_ms() + 60'000});
  auto welcome = hello(token({{"subscribe", {"b.>"}}}), {{"session", session}, {"last_seq", 40}});
  CHECK(welcome["op"] == "welcome");
  CHECK(take()["id"] == "sa");
  CHECK(take()["id"] == "sq");
  CHECK(socket->sent.empty());
  CHECK(gate.relay.patterns == std::vector<std::string>{"b.x"});
}

TEST_CASE_METHOD(auth_fixture, "what tells of another's run is not delivered to who may watch its own only",
                 "[auth]") {
  hello(token({{"subscribe", {">"}}, {"watch", "own"}}));
  REQUIRE(ask(R"({"op":"subscribe","id":"s","pattern":">"})")["op"] == "ok");
  deliver(41, "sys.call.assistant"); // of bob
  deliver(42, "chat.a");
  settle();
  CHECK(take()["seq"] == 42);
  CHECK(socket->sent.empty());
}

TEST_CASE_METHOD(auth_fixture, "a token's own rate holds where it is lower than the node's", "[auth]") {
  limit(&limits::burst, 100);
  auto welcome = hello(token({{"publish", {">"}}, {"limits", {{"publish_per_s", 2}}}}));
  CHECK(welcome["limits"]["publish_per_s"] == 2);
  CHECK(welcome["limits"]["burst"] == 2);
  for (int i = 0; i < 2; ++i)
    say(R"({"op":"publish","type":"p","message_id":"m)" + std::to_string(i) + R"(","data":1})");
  while (!socket->sent.empty() && take()["op"] != "error") {
  }
  say(R"({"op":"publish","type":"p","message_id":"m9","data":1})");
  json last;
  while (!socket->sent.empty()) last = take();
  CHECK(last["reason"] == "rate");
}
