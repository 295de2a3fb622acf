#include "net/client/ws_client.hpp"

#include "tests/support/fake_ws_server.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using test::fake_peer;
using test::fake_ws_server;

namespace {

/// Against a server that answers nothing: longer than any test waits for what does come.
constexpr auto soon = 5000ms;

void echo(fake_peer& peer, std::string_view frame) { peer.send(std::string{frame}); }

ws_error error_of(const std::string& url, ws_client::milliseconds timeout = soon) {
  ws_client client;
  try {
    client.connect(url, timeout);
  } catch (const ws_error& error) {
    return error;
  }
  return ws_error{"connected"};
}

} // namespace

TEST_CASE("a client sends a frame and receives the answer", "[ws_client]") {
  fake_ws_server server{echo};
  ws_client client;
  CHECK_FALSE(client.is_open());
  client.connect(server.url());
  REQUIRE(client.is_open());
  client.send("one");
  CHECK(client.receive(soon) == "one");
  CHECK(client.receive(0ms) == std::nullopt);
  CHECK(client.is_open());
  CHECK(client.close_code() == 0);
}

TEST_CASE("thousands of frames can be sent before the first answer is taken", "[ws_client]") {
  fake_ws_server server{echo};
  ws_client client;
  client.connect(server.url());
  const std::string padding(2000, 'x');
  constexpr int count = 5000; // 10 MB each way: more than the sockets hold
  for (int i = 0; i < count; ++i) client.send(std::to_string(i) + padding);
  int in_order = 0;
  for (int i = 0; i < count; ++i) in_order += client.receive(soon) == std::to_string(i) + padding;
  CHECK(in_order == count);
}

TEST_CASE("a full receive buffer stops the reading and loses nothing", "[ws_client]") {
  constexpr int count = 300;
  const std::string frame(1000, 'x');
  fake_ws_server server{[&](fake_peer& peer, std::string_view) {
    for (int i = 0; i < count; ++i) peer.send(std::to_string(i) + ' ' + frame);
  }};
  ws_client client{10'000};
  client.connect(server.url());
  client.send("go");
  std::size_t most = 0;
  int in_order = 0;
  for (int i = 0; i < count; ++i) {
    in_order += client.receive(soon) == std::to_string(i) + ' ' + frame;
    client.ping();
    most = std::max(most, client.buffered());
  }
  CHECK(in_order == count);
  CHECK(most <= 10);
}

TEST_CASE("a server that does not read ends the send, not the client", "[ws_client]") {
  fake_ws_server server{[](fake_peer& peer, std::string_view) { peer.stop_reading(); }};
  ws_client client;
  client.connect(server.url());
  client.set_send_timeout(20ms);
  const std::string frame(1'000'000, 'x');
  CHECK_THROWS_WITH(
      [&] {
        for (int i = 0; i < 100; ++i) client.send(frame);
      }(),
      ContainsSubstring("does not read"));
  CHECK_FALSE(client.is_open());
}

TEST_CASE("after the server's close come the frames before it, then its code and reason", "[ws_client]") {
  fake_ws_server server{[](fake_peer& peer, std::string_view) {
    peer.send("last words");
    peer.close(4409, "taken over");
  }};
  ws_client client;
  client.connect(server.url());
  client.send("go");
  CHECK(client.receive(soon) == "last words");
  CHECK(client.receive(soon) == std::nullopt);
  CHECK_FALSE(client.is_open());
  CHECK(client.close_code() == 4409);
  CHECK(client.close_reason() == "taken over");
  CHECK_THROWS_WITH(client.send("more"), ContainsSubstring("4409") && ContainsSubstring("taken over"));
}

TEST_CASE("a connection that is cut has code 1006", "[ws_client]") {
  fake_ws_server server{[](fake_peer& peer, std::string_view) { peer.drop(); }};
  ws_client client;
  client.connect(server.url());
  client.send("go");
  CHECK(client.receive(soon) == std::nullopt);
  CHECK_FALSE(client.is_open());
  CHECK(client.close_code() == 1006);
  client.connect(server.url());
  CHECK(client.is_open());
}

TEST_CASE("a client that closes or aborts is closed", "[ws_client]") {
  fake_ws_server server{echo};
  ws_client client;
  client.connect(server.url());
  client.close(1001);
  CHECK_FALSE(client.is_open());
  CHECK(client.close_code() == 1001);
  client.connect(server.url());
  client.abort();
  CHECK_FALSE(client.is_open());
  CHECK(client.close_code() == 1006);
  CHECK(client.receive(soon) == std::nullopt);
}

TEST_CASE("pings are answered, both ways", "[ws_client]") {
  fake_ws_server server{[](fake_peer& peer, std::string_view frame) {
    if (frame == "ping me")
      peer.ping();
    else
      echo(peer, frame);
  }};
  ws_client client;
  client.connect(server.url());
  client.ping("hi");
  client.send("ping me");
  client.send("one"); // answered after the ping has come
  CHECK(client.receive(soon) == "one");
  CHECK(client.pongs() == 1);
  client.send("two"); // read after the pong
  CHECK(client.receive(soon) == "two");
  CHECK(server.pongs() == 1);
}

TEST_CASE("a client that cannot connect says why", "[ws_client]") {
  std::string gone;
  {
    fake_ws_server server{echo};
    gone = server.url();
  }
  CHECK(std::string{error_of(gone).what()} == "no node at " + gone + ": Connection refused");
  CHECK_THAT(error_of("ftp://x").what(), ContainsSubstring("http:// or ws://"));
  CHECK_THAT(error_of("127.0.0.1:80").what(), ContainsSubstring("http://host:port"));
  CHECK_THAT(error_of("http://x:http").what(), ContainsSubstring("port must be a number"));
  CHECK_THAT(error_of("http://:80").what(), ContainsSubstring("the host is missing"));
  CHECK_THAT(error_of("https://x").what(), ContainsSubstring("TLS is not in this version yet"));

  fake_ws_server mute{echo, {0, "", "weir.v1", true}};
  CHECK_THAT(error_of(mute.url(), 20ms).what(), ContainsSubstring("did not answer the upgrade in time"));
  fake_ws_server stranger{echo, {0, "", "chess", false}};
  CHECK_THAT(error_of(stranger.url()).what(), ContainsSubstring("does not speak weir.v1"));
}

TEST_CASE("a refused upgrade carries its status and Retry-After", "[ws_client]") {
  fake_ws_server server{echo, {503, "3", "weir.v1", false}};
  auto error = error_of(server.url());
  CHECK(error.http_status() == 503);
  CHECK(error.retry_after() == "3");
  CHECK_THAT(error.what(), ContainsSubstring("HTTP 503 Service Unavailable, try again in 3 s"));
}

TEST_CASE("hello returns the welcome or the error", "[ws_client]") {
  fake_ws_server server{[](fake_peer& peer, std::string_view frame) {
    auto hello = nlohmann::json::parse(frame);
    if (hello["namespace"] == "demo") return peer.send(R"({"op":"welcome","session":"s"})");
    if (hello["namespace"] == "closed") return peer.close(1008, "go away");
    peer.send(R"({"op":"error","code":400,"reason":"bad_field"})");
  }};
  ws_client client;
  client.connect(server.url());
  CHECK(client.hello("demo", "alice")["session"] == "s");
  CHECK(server.frames()
        == std::vector<std::string>{R"({"client_id":"alice","namespace":"demo","op":"hello"})"});
  CHECK(client.hello("???", "alice")["code"] == 400);
  CHECK_THROWS_WITH(client.hello("closed", "alice"),
                    ContainsSubstring("1008") && ContainsSubstring("go away"));
}
