#include "tests/support/live_gateway.hpp"
#include "tests/support/socket_client.hpp"

#include <caf/telemetry/metric_registry.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

using namespace weir;
using namespace weir::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using nlohmann::json;

namespace {

/// Says hello, and subscribes to what `publish` publishes.
void listen(socket_client& who, const std::string& client_id) {
  who.hello("demo", client_id);
  who.send({{"op", "subscribe"}, {"id", "s"}, {"pattern", "chat.*"}});
  who.receive_op("ok");
}

} // namespace

TEST_CASE("an event goes from one client to the other, and its answer back") {
  live_gateway node{{}, 2};
  socket_client alice{node.port()}, bob{node.port()};
  CHECK(alice.hello("demo", "alice")["op"] == "welcome");
  CHECK(bob.hello("demo", "bob")["node"] == "n1");
  bob.send({{"op", "subscribe"}, {"id", "s"}, {"pattern", "chat.>"}});
  CHECK(bob.receive().value()["op"] == "ok");
  alice.send(publish("m1", {{"text", "hi \xc3\xa4"}}));
  auto ok = alice.receive().value();
  CHECK(ok["event_id"] == "alice/m1");
  auto got = bob.receive().value();
  CHECK(got["event_id"] == "alice/m1");
  CHECK(got["seq"] == ok["seq"]);
  CHECK(got["data"]["text"] == "hi \xc3\xa4");
  alice.send({{"op", "call"}, {"target", "echo"}, {"message_id", "c1"}, {"input", "hello"}});
  CHECK(alice.receive_op("result")["status"] == "complete");
}

TEST_CASE("what one client sends keeps its order on the whole way") {
  live_gateway node{generous(), 2};
  socket_client alice{node.port()}, bob{node.port()};
  alice.hello("demo", "alice");
  listen(bob, "bob");
  constexpr int count = 500;
  for (int i = 0; i < count; ++i) alice.send(publish("m" + std::to_string(i), i));
  for (int i = 0; i < count; ++i) CHECK(bob.receive_op("event")["data"] == i);
  for (int i = 0; i < count; ++i) CHECK(alice.receive_op("ok")["seq"] == i + 1);
}

TEST_CASE("frames that break the protocol are answered, and the connection goes on") {
  live_gateway node;
  socket_client client{node.port()};
  client.hello("demo", "alice");
  const std::vector<std::pair<std::string, std::string>> rows{
      {"{\"op\":", "malformed"},
      {"[1,2]", "malformed"},
      {R"({"op":"dance"})", "unknown_op"},
      {R"({"op":"publish","type":7,"message_id":"m","data":1})", "bad_field"},
      {R"({"op":"publish","type":"a","message_id":"m","data":1,"receipt":"read"})", "bad_field"},
      {R"({"op":"watch","run_id":"a"})", "bad_field"},
      {R"({"op":"publish","type":"sys.x","message_id":"m","data":1})", "forbidden"},
      {R"({"op":"unsubscribe","id":"none"})", "unknown_subscription"},
  };
  for (auto& [text, reason] : rows) {
    client.send(text);
    auto no = client.receive().value();
    CHECK(no["op"] == "error");
    CHECK(no["reason"] == reason);
  }
  client.send({{"op", "ping"}, {"id", "7"}});
  CHECK(client.receive().value()["id"] == "7");
}

TEST_CASE("frames that a socket must not carry close it with the code that says so") {
  limits bounds;
  bounds.frame_bytes = 1024;
  live_gateway node{bounds};
  socket_client other{node.port()};
  other.hello("demo", "other");
  struct row {
    const char* what;
    std::function<void(socket_client&)> misbehave;
    std::uint16_t code;
  };
  const row rows[] = {
      {"binary", [](socket_client& x) { x.send_binary("abc"); }, 1003},
      {"invalid UTF-8", [](socket_client& x) { x.send(std::string{"{\"op\":\"\xff\"}"}); }, 1007},
      {"too large", [](socket_client& x) { x.send(std::string(2000, ' ')); }, 1009},
      {"an unmasked frame", [](socket_client& x) { x.send_raw(std::string("\x81\x02{}", 4)); }, 1002},
      {"a reserved opcode", [](socket_client& x) { x.send_raw(std::string("\x83\x80\0\0\0\0", 6)); }, 1002},
      {"ten bad frames",
       [](socket_client& x) {
         for (int i = 0; i < 10; ++i) x.send(std::string{"{"});
       },
       1008},
  };
  for (auto& x : rows) {
    INFO(x.what);
    socket_client client{node.port()};
    client.hello("demo", "alice");
    x.misbehave(client);
    CHECK(client.close_code() == x.code);
  }
  other.send({{"op", "ping"}});
  CHECK(other.receive().value()["op"] == "pong");
}

TEST_CASE("a frame of exactly the limit is taken") {
  limits bounds;
  bounds.frame_bytes = 1024;
  live_gateway node{bounds};
  socket_client client{node.port()};
  client.hello("demo", "alice");
  auto frame = publish("m1", "").dump();
  client.send(publish("m1", std::string(1024 - frame.size(), 'x')));
  CHECK(client.receive().value()["op"] == "ok");
}

TEST_CASE("an upgrade needs the path and the subprotocol") {
  live_gateway node;
  CHECK(socket_client{node.port()}.upgrade("/v1/ws", "") == 400);
  CHECK(socket_client{node.port()}.upgrade("/v1/ws", "other.v1") == 400);
  CHECK(socket_client{node.port()}.upgrade("/v2/ws") == 404);
  CHECK(socket_client{node.port()}.http("GET", "/v1/ws").first == 426);
  CHECK(socket_client{node.port()}.upgrade() == 101);
}

TEST_CASE("the pages of a node are on the same port, over a connection that is kept") {
  live_gateway node;
  socket_client client{node.port()};
  CHECK(client.http("GET", "/healthz").first == 200);
  CHECK(client.http("GET", "/readyz?x=1").first == 200);
  CHECK(client.http("GET", "/metrics").first == 404);
  auto page = client.http("GET", "/");
  CHECK(page.first == 200);
  CHECK_THAT(page.second, ContainsSubstring("n1") && ContainsSubstring("/readyz"));
  CHECK(client.http("GET", "/nothing").first == 404);
  CHECK(client.http("POST", "/healthz").first == 405);
  auto later = client.http("POST", "/v1/namespaces/demo/events", "{}");
  CHECK(later.first == 501);
  CHECK_THAT(later.second, ContainsSubstring("not in this version yet"));
  node.status->ready = false;
  CHECK(client.http("GET", "/readyz").first == 503);
  CHECK(client.http("GET", "/healthz").first == 200);
}

TEST_CASE("requests that are no HTTP, or too large, are answered or closed") {
  live_gateway node;
  socket_client garbage{node.port()};
  garbage.send_raw("\x16\x03\x01 this is not HTTP\r\n\r\n");
  CHECK_THAT(garbage.read_all(), StartsWith("HTTP/1.1 400"));
  socket_client header{node.port()};
  header.send_raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  CHECK_THAT(header.read_all(), StartsWith("HTTP/1.1 431"));
  socket_client body{node.port()};
  body.send_raw(
      "POST /v1/namespaces/demo/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n");
  CHECK_THAT(body.read_all(), StartsWith("HTTP/1.1 413"));
}

TEST_CASE("handshakes that go nowhere are ended, and the node serves the others on") {
  live_gateway node;
  socket_client silent{node.port()};     // sends nothing at all
  socket_client half{node.port()};       // begins a request and stops
  socket_client speechless{node.port()}; // upgrades and never says hello
  half.send_raw("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: webso");
  CHECK(speechless.upgrade() == 101);
  socket_client good{node.port()};
  CHECK(good.hello("demo", "alice")["op"] == "welcome");
  CHECK(silent.read_all().empty());
  CHECK_THAT(half.read_all(), StartsWith("HTTP/1.1 408"));
  CHECK(speechless.close_code() == 1008);
  good.send({{"op", "ping"}});
  CHECK(good.receive().value()["op"] == "pong");
}

TEST_CASE("more handshakes than may be in progress are told 503 and when to come again") {
  limits bounds;
  bounds.handshakes = 2;
  live_gateway node{bounds};
  auto first = std::make_unique<socket_client>(node.port());
  socket_client second{node.port()};
  CHECK(first->upgrade() == 101);
  CHECK(second.upgrade() == 101);
  socket_client third{node.port()};
  third.send_raw("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\n\r\n");
  auto reply = third.read_all();
  CHECK_THAT(reply, StartsWith("HTTP/1.1 503"));
  CHECK_THAT(reply, ContainsSubstring("retry-after: ") && ContainsSubstring("\"retry_after_ms\":"));
  // A handshake that is done makes room.
  second.send({{"op", "hello"}, {"namespace", "demo"}, {"client_id", "alice"}});
  CHECK(second.receive().value()["op"] == "welcome");
  CHECK(socket_client{node.port()}.upgrade() == 101);
}

TEST_CASE("an address that fills the places of handshakes leaves room for another one") {
  limits few;
  few.handshakes = 4;
  live_gateway node{few};
  std::vector<std::unique_ptr<socket_client>> silent;
  for (int i = 0; i < 8; ++i) silent.push_back(std::make_unique<socket_client>(node.port()));
  silent.front()->send_raw("GET /healthz"); // half a request
  for (int i = 0; i < 6; ++i) {
    socket_client honest{node.port(), 0, "127.0.0.2"};
    CHECK(honest.hello("demo", "alice")["op"] == "welcome");
  }
}

TEST_CASE("an address has so many sockets, and opens so many in a second") {
  limits few;
  SECTION("at a time") { few.connections_per_address = 2; }
  SECTION("in a second") { few.handshakes_per_address_per_s = 2; }
  live_gateway node{few, 2};
  socket_client first{node.port()}, second{node.port()};
  CHECK(first.hello("demo", "alice")["op"] == "welcome");
  CHECK(second.hello("demo", "bob")["op"] == "welcome");
  socket_client third{node.port()}, other{node.port(), 0, "127.0.0.2"};
  auto [status, body] = third.http("GET", "/v1/ws");
  CHECK(status == 429);
  CHECK_THAT(body, ContainsSubstring("address"));
  CHECK(other.hello("demo", "carol")["op"] == "welcome");
}

TEST_CASE("sessions that come back together get all that they missed, and live events in between") {
  auto bounds = generous();
  bounds.replays = 2;
  live_gateway node{bounds};
  constexpr int sessions = 30, missed = 300;
  std::vector<std::string> tokens;
  for (int i = 0; i < sessions; ++i) {
    socket_client x{node.port()};
    tokens.push_back(x.hello("demo", "c" + std::to_string(i))["session"]);
    x.send({{"op", "subscribe"}, {"id", "s"}, {"pattern", "chat.*"}});
    x.receive_op("ok");
    x.close();
  }
  socket_client alice{node.port()};
  alice.hello("demo", "alice");
  for (int i = 0; i < missed; ++i) alice.send(publish("m" + std::to_string(i), i));
  for (int i = 0; i < missed; ++i) alice.receive_op("ok");
  std::vector<std::unique_ptr<socket_client>> back;
  for (int i = 0; i < sessions; ++i) {
    back.push_back(std::make_unique<socket_client>(node.port()));
    CHECK(back.back()->upgrade() == 101);
    back.back()->send({{"op", "hello"},
                       {"namespace", "demo"},
                       {"client_id", "c" + std::to_string(i)},
                       {"session", tokens[static_cast<std::size_t>(i)]},
                       {"last_seq", 0}});
  }
  alice.send(publish("last", missed));
  for (auto& x : back) {
    CHECK(x->receive_op("welcome")["recovered"] == true);
    for (int i = 0; i <= missed; ++i) REQUIRE(x->receive_op("event")["data"] == i);
  }
}

TEST_CASE("more connections than a namespace may have are told 429 and closed with 1013") {
  limits bounds;
  bounds.connections = 1;
  live_gateway node{bounds, 2};
  auto first = std::make_unique<socket_client>(node.port());
  CHECK(first->hello("demo", "alice")["op"] == "welcome");
  socket_client second{node.port()};
  auto no = second.hello("demo", "bob");
  CHECK(no["code"] == 429);
  CHECK(no["reason"] == "quota");
  CHECK(no["retry_after_ms"] > 0);
  CHECK(second.close_code() == 1013);
  CHECK(socket_client{node.port()}.hello("other", "bob")["op"] == "welcome");
  first->close();
  for (bool in = false; !in;) in = socket_client{node.port()}.hello("demo", "carol")["op"] == "welcome";
}

TEST_CASE("a client that reads slowly gets every event once, some pushed and some from the log") {
  auto bounds = generous();
  bounds.outbound_frames = 64;
  bounds.log_bytes = 1 << 30;
  live_gateway node{bounds, 2};
  socket_client slow{node.port(), 262'144};
  listen(slow, "slow");
  socket_client alice{node.port()};
  alice.hello("demo", "alice");
  constexpr int count = 1800;
  for (int i = 0; i < count; ++i) {
    alice.send(publish("m" + std::to_string(i), std::string(4000, 'x')));
    if (i % 50 == 49)
      for (int n = 0; n < 50; ++n) CHECK(alice.receive().value()["op"] == "ok");
  }
  bool lagged = false, caught_up = false;
  for (int next = 1; next <= count;) {
    auto frame = slow.receive().value();
    if (frame["op"] == "lagging") lagged = true;
    if (frame["op"] == "caught_up") caught_up = true;
    if (frame["op"] != "event") continue;
    REQUIRE(frame["seq"] == next);
    ++next;
  }
  CHECK(lagged);
  alice.send(publish("last"));
  auto last = slow.receive().value();
  for (; last["op"] != "event"; last = slow.receive().value()) caught_up |= last["op"] == "caught_up";
  CHECK(caught_up);
  CHECK(last["event_id"] == "alice/last");
}

TEST_CASE("a client that stops reading is noticed before the kernel holds much for it") {
  auto bounds = generous();
  bounds.outbound_frames = 16;
  live_gateway node{bounds, 2};
  socket_client slow{node.port(), 65'536};
  listen(slow, "slow");
  socket_client alice{node.port()};
  alice.hello("demo", "alice");
  auto next = 0;
  auto publish_some = [&](int count) {
    for (int i = 0; i < count; ++i) alice.send(publish("m" + std::to_string(next++), std::string(4000, 'x')));
    for (int i = 0; i < count; ++i) CHECK(alice.receive().value()["op"] == "ok");
  };
  for (int i = 0; i < 40; ++i) { // while it reads, the kernel gives its socket more and more room
    publish_some(10);
    for (int n = 0; n < 10; ++n) slow.receive_op("event");
  }
  for (int i = 0; i < 15; ++i) publish_some(10);
  bool lagged = false;
  for (int n = 0; n < 150;) {
    auto op = slow.receive().value()["op"];
    lagged |= op == "lagging";
    n += op == "event";
  }
  CHECK(lagged);
}

TEST_CASE("of the pings that come while nothing can be written only the newest is answered") {
  live_gateway node{generous(), 2};
  socket_client slow{node.port(), 16'384};
  listen(slow, "slow");
  slow.ping("first");
  slow.send({{"op", "ping"}});
  slow.receive_op("pong");
  CHECK(slow.pongs() == std::vector<std::string>{"first"});
  socket_client alice{node.port()};
  alice.hello("demo", "alice");
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) alice.send(publish("m" + std::to_string(i), std::string(8000, 'x')));
  for (int i = 0; i < count; ++i) CHECK(alice.receive().value()["op"] == "ok");
  auto* heard = node.sys.metrics().counter_singleton("weir.net", "frames-in", "", "1", true);
  auto before = heard->value();
  for (int i = 1; i <= 100; ++i) slow.ping(std::to_string(i));
  slow.send({{"op", "ping"}});
  for (int i = 0; i < 10'000 && heard->value() == before; ++i) // until it has heard all of them
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  slow.receive_op("pong");
  CHECK(slow.pongs() == std::vector<std::string>{"first", "100"});
}

TEST_CASE("a client that floods the node with pings keeps nobody else from being served") {
  live_gateway node; // one I/O thread for both
  socket_client noisy{node.port()}, alice{node.port()};
  noisy.hello("other", "noisy");
  alice.hello("demo", "alice");
  std::string ping{"\x89\x80\0\0\0\0", 6}, part{"\x01\x80\0\0\0\0", 6}, more{"\x00\x80\0\0\0\0", 6};
  std::string bytes, first;
  SECTION("whole ones") {
    for (int i = 0; i < 50'000; ++i) bytes += ping;
  }
  SECTION("between the parts of a message that does not end") {
    first = part;
    for (int i = 0; i < 25'000; ++i) bytes += ping + more;
  }
  std::atomic<bool> stop{false};
  std::thread flood{[&] {
    try {
      for (noisy.send_raw(first); !stop;) noisy.send_raw(bytes);
    } catch (const std::exception&) { // it is pushed back longer than it waits, or cut
    }
  }};
  for (int i = 0; i < 50; ++i) {
    alice.send(publish("m" + std::to_string(i)));
    CHECK(alice.receive_op("ok")["seq"] == i + 1);
  }
  stop = true;
  node.door->stop(std::chrono::seconds{5}); // so that a write that waits ends
  flood.join();
}

TEST_CASE("a node that stops closes its connections with 1001") {
  auto node = std::make_unique<live_gateway>(limits{}, 2);
  socket_client client{node->port()};
  client.hello("demo", "alice");
  auto code = std::async(std::launch::async, [&] { return client.close_code(); });
  node.reset();
  CHECK(code.get() == 1001);
}
