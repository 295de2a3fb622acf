// What a broken or hostile client sends: the right error or close, and the node serves the others on.
#include "tests/integration/client.hpp"
#include "tests/integration/raw_socket.hpp"

#include <catch2/generators/catch_generators.hpp>

using namespace weir;
using namespace weir::test;

namespace {

/// One node for all rows of the tables: that it survives them is the point.
node_process& shared_node() {
  static node_process node;
  if (node.pid() < 0) node.start();
  return node;
}

const std::string upgrade =
    "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string subprotocol = "Sec-WebSocket-Protocol: weir.v1\r\n\r\n";

const char* const hello = R"({"op":"hello","namespace":"demo","client_id":"x"})";

} // namespace

TEST_CASE("a bad frame gets an error that names what was wrong, and the connection goes on") {
  struct row {
    std::string frame;
    int code;
    std::string reason;
    std::string names; // is in the message
  };
  auto x = GENERATE(values<row>({
      {"", 400, "malformed", ""},
      {"{", 400, "malformed", ""},
      {"[]", 400, "malformed", ""},
      {"null", 400, "malformed", ""},
      {R"({"no":"op"})", 400, "bad_field", "op"},
      {R"({"op":7})", 400, "bad_field", "op"},
      {R"({"op":"dance"})", 400, "unknown_op", "op"},
      {hello, 400, "", ""}, // a second hello
      {R"({"op":"publish"})", 400, "bad_field", "message_id"},
      {R"({"op":"publish","type":"a..b","message_id":"m","data":1})", 400, "bad_field", "type"},
      {R"({"op":"publish","type":"a.*","message_id":"m","data":1})", 400, "bad_field", "type"},
      {R"({"op":"publish","type":"a","data":1})", 400, "bad_field", "message_id"},
      {R"({"op":"publish","type":"a","message_id":"a/b","data":1})", 400, "bad_field", "message_id"},
      {R"({"op":"publish","type":"a","message_id":7,"data":1})", 400, "bad_field", "message_id"},
      {R"({"op":"publish","type":"a","message_id":"m","data":1,"to":"a b"})", 400, "bad_field", "to"},
      {R"({"op":"publish","type":"a","message_id":"m","data":1,"ephemeral":"yes"})", 400, "bad_field",
       "ephemeral"},
      {R"({"op":"publish","type":"sys.x","message_id":"m","data":1})", 403, "forbidden", "sys"},
      {R"({"op":"publish","type":"a","message_id":"m","data":1,"prev_event_id":"b"})", 400, "bad_field",
       "prev_event_id"},
      {R"({"op":"publish","type":"a","message_id":"m","data":1,"receipt":"read"})", 400, "bad_field",
       "receipt"},
      {R"({"op":"subscribe","id":"s"})", 400, "bad_field", "pattern"},
      {R"({"op":"subscribe","id":"s","pattern":"a.>.b"})", 400, "bad_field", "pattern"},
      {R"({"op":"subscribe","id":"s","pattern":"a","from":0})", 400, "bad_field", "from"},
      {R"({"op":"subscribe","id":"s","pattern":"a","queue":"q.1"})", 400, "bad_field", "queue"},
      {R"({"op":"unsubscribe","id":"nobody"})", 404, "unknown_subscription", "id"},
      {R"({"op":"call","target":"echo","message_id":"m"})", 400, "bad_field", "input"},
      {R"({"op":"call","target":"echo","message_id":"m","input":1,"timeout_ms":-1})", 400, "bad_field",
       "timeout_ms"},
      {R"({"op":"call","target":"echo","message_id":"m","input":1,"thread":"a b"})", 400, "bad_field",
       "thread"},
      {R"({"op":"call","target":"echo","message_id":"m","input":1,"on_busy":"queue"})", 400, "bad_field",
       "on_busy: needs a thread"},
      {R"({"op":"ack"})", 400, "bad_field", "seq"},
      {R"({"op":"nack","event_id":"a"})", 400, "bad_field", "event_id"},
      {R"({"op":"history","id":"h","limit":1001})", 400, "bad_field", "limit"},
      {R"({"op":"presence","id":"h","limit":0})", 400, "bad_field", "limit"},
      {R"({"op":"watch","run_id":"a"})", 400, "bad_field", "run_id"},
      {"{\"op\":\"publish\",\"type\":\"a\",\"message_id\":\"m\",\"data\":" + std::string(1000, '[')
           + std::string(1000, ']') + "}",
       400, "malformed", ""},
  }));
  client alice(shared_node(), "alice");
  INFO(x.frame.substr(0, 200));
  alice.socket.send(x.frame);
  auto got = alice.receive();
  INFO(got.dump());
  REQUIRE(got["op"] == "error");
  CHECK(got["code"] == x.code);
  if (!x.reason.empty()) CHECK(got["reason"] == x.reason);
  CHECK(got["message"].get<std::string>().find(x.names) != std::string::npos);
  CHECK(alice.is_served());
}

TEST_CASE("a bad first frame is refused") {
  struct row {
    std::string frame;
    int code;
    std::string names;
  };
  auto x = GENERATE(values<row>({
      {R"({"op":"ping"})", 400, ""},
      {R"({"op":"hello","client_id":"x"})", 400, "namespace"},
      {R"({"op":"hello","namespace":"Demo","client_id":"x"})", 400, "namespace"},
      {R"({"op":"hello","namespace":"demo"})", 400, "client_id"},
      {R"({"op":"hello","namespace":"demo","client_id":"a b"})", 400, "client_id"},
      {R"({"op":"hello","namespace":"demo","client_id":"agent:echo"})", 403, "agent:"},
      {R"({"op":"hello","namespace":"demo","client_id":"sys"})", 403, "sys"},
      {R"({"op":"hello","namespace":"demo","client_id":"x","session":"s","last_seq":-1})", 400, "last_seq"},
  }));
  ws_client socket;
  socket.connect(shared_node().url());
  socket.send(x.frame);
  auto text = socket.receive(5s);
  REQUIRE(text);
  auto got = json::parse(*text);
  INFO(x.frame << " " << got.dump());
  CHECK(got["op"] == "error");
  CHECK(got["code"] == x.code);
  CHECK(got["message"].get<std::string>().find(x.names) != std::string::npos);
}

TEST_CASE("frames that the protocol does not allow close the connection with their code") {
  auto closed_by = [](const std::function<void(client&)>& what) {
    client alice(shared_node(), "alice");
    try {
      what(alice);
    } catch (const ws_error&) {
      // The node may close while we still send.
    }
    while (alice.socket.receive(5s)) {
    }
    return alice.socket.close_code();
  };
  CHECK(closed_by([](client& x) { x.socket.send_binary("abc"); }) == 1003);
  CHECK(closed_by([](client& x) { x.socket.send("\"\xff\xfe\""); }) == 1007);
  CHECK(closed_by([](client& x) {
          for (int i = 0; i < 20 && x.socket.is_open(); ++i) x.socket.send("{");
        })
        == 1008);
  client bob(shared_node(), "bob");
  CHECK(bob.is_served());
}

TEST_CASE("a frame over the limit closes the connection with 1009, after all of it was heard out") {
  raw_socket big(shared_node().port());
  big.send(upgrade + subprotocol);
  CHECK(big.read_some().find("101 Switching Protocols") != std::string::npos);
  std::string frame("\x81\xff\0\0\0\0\0\x01\x11\x70\0\0\0\0", 14); // text, masked with zeros, 70,000 bytes
  big.send(frame + std::string(70'000, ' '));
  CHECK(big.read_all().find("\x03\xf1"
                            "a message is too large")
        != std::string::npos);
  client bob(shared_node(), "bob");
  CHECK(bob.is_served());
}

TEST_CASE("what a client sends right behind its upgrade is heard, and pings are answered") {
  raw_socket eager(shared_node().port());
  std::string hello = R"({"op":"hello","namespace":"demo","client_id":"eager"})";
  std::string frame{'\x81', static_cast<char>(0x80 | hello.size())};
  eager.send(upgrade + subprotocol + frame + std::string(4, '\0') + hello
             + std::string("\x89\x82\0\0\0\0hi", 8) + std::string("\x88\x82\0\0\0\0\x03\xe8", 8));
  auto answers = eager.read_all();
  CHECK(answers.find("101 Switching Protocols") != std::string::npos);
  CHECK(answers.find("\x8a\x02hi") != std::string::npos);
  CHECK(answers.find("\x88\x02\x03\xe8") != std::string::npos);
}

TEST_CASE(
    "half-open handshakes and clients that never say hello are closed, and the node serves the others") {
  auto port = shared_node().port();
  raw_socket silent(port), slow(port), garbage(port), no_protocol(port), no_hello(port);
  slow.send("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n");
  garbage.send("\x16\x03\x01 this is no HTTP\r\n\r\n");
  no_protocol.send(upgrade + "\r\n");
  no_hello.send(upgrade + subprotocol);
  client bob(shared_node(), "bob");
  CHECK(bob.is_served());
  CHECK(garbage.read_all().find("400") != std::string::npos);
  CHECK(no_protocol.read_all().find("weir.v1") != std::string::npos);
  CHECK(silent.read_all().empty());
  CHECK(slow.read_all().find("408 Request Timeout") != std::string::npos);
  auto greeting = no_hello.read_all();
  CHECK(greeting.find("101 Switching Protocols") != std::string::npos);
  CHECK(greeting.find("\x03\xf0") != std::string::npos); // closed with 1008
  CHECK(bob.is_served());
}
