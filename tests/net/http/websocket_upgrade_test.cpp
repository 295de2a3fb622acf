#include "net/http/websocket_upgrade.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

const std::vector<http_field> good{{"upgrade", "websocket"},
                                   {"connection", "Upgrade"},
                                   {"sec-websocket-version", "13"},
                                   {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                                   {"sec-websocket-protocol", "weir.v1"}};

/// The status of a handshake in which a field was replaced, or left out (null), or given more than once.
unsigned status_with(const std::string& name, std::vector<const char*> values) {
  http_request x;
  x.method = "GET";
  for (auto& field : good)
    if (field.name != name) x.fields.push_back(field);
  for (auto* value : values) x.fields.push_back({name, value});
  auto got = check_upgrade(x, {"weir.v1"});
  return std::holds_alternative<http_reply>(got) ? std::get<http_reply>(got).status : 101;
}

} // namespace

TEST_CASE("the answer to a key is the one that RFC 6455 gives", "[http]") {
  CHECK(websocket_accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("lists on several lines are one list", "[http]") {
  CHECK(status_with("connection", {"keep-alive", "Upgrade"}) == 101);
  CHECK(status_with("connection", {"keep-alive, upgrade"}) == 101);
  CHECK(status_with("upgrade", {"h2c, WebSocket"}) == 101);
  CHECK(status_with("upgrade", {"h2c", "websocket"}) == 101);
  CHECK(status_with("sec-websocket-protocol", {"other", "weir.v1"}) == 101);
  CHECK(status_with("sec-websocket-protocol", {"other, weir.v1 ,"}) == 101);
}

TEST_CASE("what is no upgrade is told how to make one", "[http]") {
  for (auto* name : {"connection", "upgrade", "sec-websocket-version"}) CHECK(status_with(name, {}) == 426);
  CHECK(status_with("connection", {"close"}) == 426);
  CHECK(status_with("upgrade", {"websockets"}) == 426);
  for (auto* version : {"12", "14", "", "13, 13"})
    CHECK(status_with("sec-websocket-version", {version}) == 426);
  http_request plain;
  auto no = std::get<http_reply>(check_upgrade(plain, {}));
  CHECK(no.status == 426);
  std::string upgrade, version;
  for (auto& x : no.fields) (x.name == "upgrade" ? upgrade : version) = x.value;
  CHECK(upgrade == "websocket");
  CHECK(version == "13");
}

TEST_CASE("a key is base64 of 16 bytes, once", "[http]") {
  CHECK(status_with("sec-websocket-key", {}) == 400);
  for (auto* key : {"", "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZ===",
                    "dGhlIHNhbXBsZSBub25jZQ==x", "dGhl IHNhbXBsZSBub25jQ=="})
    CHECK(status_with("sec-websocket-key", {key}) == 400);
  CHECK(status_with("sec-websocket-key", {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="}) == 400);
}

TEST_CASE("one of the subprotocols has to be offered", "[http]") {
  CHECK(status_with("sec-websocket-protocol", {}) == 400);
  CHECK(status_with("sec-websocket-protocol", {"weir.v2"}) == 400);
  CHECK(status_with("sec-websocket-protocol", {"WEIR.V1"}) == 400);
  http_request x;
  x.method = "GET";
  x.fields = good;
  CHECK(std::get<websocket_handshake>(check_upgrade(x, {"a", "weir.v1"})).subprotocol == "weir.v1");
  CHECK(std::get<websocket_handshake>(check_upgrade(x, {})).subprotocol.empty());
}
