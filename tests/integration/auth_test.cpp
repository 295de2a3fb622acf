// Who comes in, over a real node.

#include "actors/auth/jws.hpp"
#include "tests/integration/client.hpp"
#include "tests/support/socket_client.hpp"

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <ctime>

using namespace weir;
using namespace weir::test;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";

std::string token(const std::string& sub, const json& rights = nullptr, long ttl_s = 600) {
  json claims{{"sub", sub}, {"ns", "demo"}, {"exp", std::time(nullptr) + ttl_s}};
  if (!rights.is_null()) claims["weir"] = rights;
  return auth::sign_jws(claims.dump(), auth::algorithm::hs256, secret);
}

std::string config(const json& more = json::object()) {
  setenv("WEIR_TEST_JWT_SECRET", secret.c_str(), 1); // the node has the test's environment
  json auth{{"mode", "jwt"},
            {"keys", {{{"secret_env", "WEIR_TEST_JWT_SECRET"}, {"alg", "HS256"}}}},
            {"leeway_s", 0}};
  auth.update(more);
  return json{{"auth", auth}, {"namespaces", {{"demo", {{"agents", {"echo"}}}}, {"other", json::object()}}}}
      .dump();
}

/// The answer to an upgrade with further header lines.
std::string upgrade(std::uint16_t port, const std::string& subprotocol, const std::string& lines = {}) {
  socket_client socket{port};
  socket.send_raw("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                  "Sec-WebSocket-Protocol: "
                  + subprotocol + "\r\n" + lines + "\r\n");
  return socket.read_some();
}

json ask(ws_client& socket, const json& frame) {
  socket.send(frame.dump());
  auto got = socket.receive(10s);
  REQUIRE(got);
  return json::parse(*got);
}

} // namespace

TEST_CASE("a real node lets in who brings a good token, as whom it names", "[auth]") {
  node_process node{config()};
  node.start();
  ws_client alice;
  alice.connect(node.url());
  auto welcome = alice.hello("demo", "mallory", 10s, token("alice"));
  CHECK(welcome["op"] == "welcome");
  CHECK(welcome["client_id"] == "alice");
  for (const auto& bad : {std::string{}, std::string{"x.y.z"}, token("alice", nullptr, -60),
                          auth::sign_jws(R"({"sub":"alice","ns":"demo","exp":9999999999})",
                                         auth::algorithm::hs256, std::string(32, 'x'))}) {
    ws_client other;
    other.connect(node.url());
    auto no = other.hello("demo", "alice", 10s, bad);
    CHECK(no["code"] == 401);
  }
  ws_client elsewhere;
  elsewhere.connect(node.url());
  CHECK(elsewhere.hello("other", "alice", 10s, token("alice"))["code"] == 403);
}

TEST_CASE("a token comes with the upgrade, in a header or as a subprotocol, never in the address", "[auth]") {
  node_process node{config()};
  node.start();
  auto good = token("alice");
  CHECK(upgrade(node.port(), "weir.v1", "Authorization: Bearer " + good + "\r\n").find(" 101 ")
        != std::string::npos);
  auto chosen = upgrade(node.port(), "weir.v1, weir.token." + good);
  CHECK(chosen.find(" 101 ") != std::string::npos);
  CHECK(chosen.find(good) == std::string::npos); // it is not what was agreed on
  CHECK(upgrade(node.port(), "weir.v1", "Authorization: Bearer x\r\n").find(" 401 ") != std::string::npos);
  CHECK(upgrade(node.port(), "weir.v1, weir.token.x").find(" 401 ") != std::string::npos);
}

TEST_CASE("each operation of a real node needs its right", "[auth]") {
  node_process node{config()};
  node.start();
  ws_client alice;
  alice.connect(node.url());
  auto welcome = alice.hello("demo", "alice", 10s,
                             token("alice", {{"publish", {"mine.{sub}.>"}}, {"subscribe", {"mine.>"}}}));
  REQUIRE(welcome["op"] == "welcome");
  struct row {
    json frame;
    bool allowed;
  };
  for (const auto& [frame, allowed] : std::vector<row>{
           {{{"op", "publish"}, {"type", "mine.alice.a"}, {"message_id", "1"}, {"data", 1}}, true},
           {{{"op", "publish"}, {"type", "mine.bob.a"}, {"message_id", "2"}, {"data", 1}}, false},
           {{{"op", "publish"}, {"type", "mine.alice.a"}, {"message_id", "3"}, {"data", 1}, {"as", "bob"}},
            false},
           {{{"op", "subscribe"}, {"id", "s1"}, {"pattern", ">"}}, false},
           {{{"op", "subscribe"}, {"id", "s2"}, {"pattern", "mine.*.x"}}, true},
           {{{"op", "subscribe"}, {"id", "s3"}, {"pattern", "mine.q"}, {"queue", "g"}}, false},
           {{{"op", "history"}, {"id", "h"}, {"pattern", "mine.>"}}, false},
           {{{"op", "presence"}, {"id", "p"}}, false},
           {{{"op", "call"}, {"target", "echo"}, {"message_id", "4"}, {"input", 1}}, false},
           {{{"op", "cancel"}, {"run_id", "alice/4"}}, false},
           {{{"op", "watch"}, {"run_id", "bob/4"}}, false},
           {{{"op", "ping"}}, true},
       }) {
    INFO(frame.dump());
    auto answer = ask(alice, frame);
    CHECK((answer["op"] != "error") == allowed);
    if (!allowed) CHECK(answer["reason"] == "forbidden");
  }
  // A new token's rights hold at once.
  CHECK(ask(alice, {{"op", "auth"}, {"token", token("alice", {{"presence", true}})}})["op"] == "ok");
  auto ended = alice.receive(10s);
  REQUIRE(ended);
  CHECK(json::parse(*ended)["id"] == "s2");
  CHECK(ask(alice, {{"op", "presence"}, {"id", "p"}})["op"] == "presence");
}

TEST_CASE("a token that ends on a live connection is warned of, then the connection closes", "[auth]") {
  node_process node{config()};
  node.start();
  ws_client alice;
  alice.connect(node.url());
  REQUIRE(alice.hello("demo", "alice", 10s, token("alice", nullptr, 3))["op"] == "welcome");
  auto warning = alice.receive(10s);
  REQUIRE(warning);
  CHECK(json::parse(*warning)["op"] == "token_expiring");
  auto error = alice.receive(10s);
  REQUIRE(error);
  CHECK(json::parse(*error)["reason"] == "token_expired");
  CHECK_FALSE(alice.receive(10s));
  CHECK(alice.close_code() == 1008);
}
