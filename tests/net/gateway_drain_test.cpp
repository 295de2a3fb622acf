// How a gateway lets its clients go, and how it takes a crowd of them.

#include "net/acceptor.hpp"
#include "net/drain_round.hpp"
#include "tests/support/live_gateway.hpp"
#include "tests/support/socket_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <future>
#include <memory>

using namespace weir;
using namespace weir::test;
using namespace std::chrono_literals;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::StartsWith;
using nlohmann::json;

TEST_CASE("a node that drains takes no new sockets, keeps those it has, and is done when they have gone") {
  live_gateway node{{}, 2};
  socket_client alice{node.port()}, bob{node.port()}, probe{node.port()}, other_probe{node.port()},
      late{node.port()};
  alice.hello("demo", "alice");
  bob.hello("demo", "bob");
  CHECK(probe.http("GET", "/readyz").first == 200); // so its socket has been accepted
  CHECK(other_probe.http("GET", "/readyz").first == 200);
  CHECK(late.upgrade() == 101);
  auto drained = std::async(std::launch::async, [&] { return node.door->drain(100ms, 60s); });
  for (auto* x : {&alice, &bob}) {
    auto frame = x->receive_op("drain");
    CHECK(frame["delay_ms"] <= 100);
    x->send({{"op", "ping"}});
    CHECK(x->receive_op("pong")["op"] == "pong");
  }
  auto no = late.receive().value(); // it had not said hello yet
  CHECK(no["reason"] == "draining");
  CHECK(late.close_code() == 1013);
  CHECK(probe.http("GET", "/readyz").first == 503);
  CHECK(other_probe.http("GET", "/healthz").first == 200); // each such answer is its socket's last
  CHECK_THROWS(socket_client{node.port()});
  alice.close();
  CHECK(drained.wait_for(0s) == std::future_status::timeout);
  bob.close();
  CHECK(drained.get() == 0);
}

TEST_CASE("who moves to another gateway goes on there, and nothing is lost or comes twice") {
  live_gateway node{generous(), 2};
  auto status = std::make_shared<node_status>();
  status->name = "n2";
  auto other = node.another(generous(), status);
  other->start();
  socket_client old{node.port()}, moved{other->port()}, writer{other->port()};
  auto session = old.hello("demo", "alice")["session"];
  old.send({{"op", "subscribe"}, {"id", "s"}, {"pattern", "chat.*"}});
  old.receive_op("ok");
  writer.hello("demo", "writer");
  auto drained = std::async(std::launch::async, [&] { return node.door->drain(0ms, 60s); });
  old.receive_op("drain");
  for (int i = 1; i <= 10; ++i) writer.send(publish("m" + std::to_string(i), i));
  for (int i = 1; i <= 10; ++i) CHECK(old.receive_op("event")["data"] == i); // served until it has moved
  CHECK(moved.upgrade() == 101);
  moved.send({{"op", "hello"},
              {"namespace", "demo"},
              {"client_id", "alice"},
              {"session", session},
              {"last_seq", 7}});
  auto welcome = moved.receive().value();
  CHECK(welcome["recovered"] == true);
  CHECK(welcome["node"] == "n2");
  writer.send(publish("m11", 11));
  for (int i = 8; i <= 11; ++i) CHECK(moved.receive_op("event")["data"] == i);
  CHECK(old.close_code() == 1001);
  CHECK(drained.get() == 0);
  other->stop(5s);
}

TEST_CASE("an upgrade over a socket that a draining node has already is told 503 and when to come again") {
  live_gateway node;
  socket_client client{node.port()}, other{node.port()};
  client.hello("demo", "alice");
  CHECK(other.http("GET", "/readyz").first == 200);
  auto drained = std::async(std::launch::async, [&] { return node.door->drain(0ms, 60s); });
  client.receive_op("drain");
  other.send_raw("GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                 "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                 "Sec-WebSocket-Protocol: weir.v1\r\n\r\n");
  auto reply = other.read_all();
  CHECK_THAT(reply, StartsWith("HTTP/1.1 503"));
  CHECK_THAT(reply, ContainsSubstring("draining") && ContainsSubstring("retry-after: "));
  client.close();
  CHECK(drained.get() == 0);
}

TEST_CASE("a drain ends at its deadline, whoever is still there") {
  live_gateway node{{}, 2};
  socket_client client{node.port()};
  client.hello("demo", "alice");
  CHECK(node.door->drain(0ms, 50ms) == 1);
  auto code = std::async(std::launch::async, [&] { return client.close_code(); });
  node.door->stop(5s);
  CHECK(code.get() == 1001);
}

TEST_CASE("all of many clients are told to move, each once") {
  live_gateway node{generous(), 1};
  std::vector<std::unique_ptr<socket_client>> clients;
  for (std::size_t i = 0; i < 2 * drain_round::per_turn + 7; ++i) {
    clients.push_back(std::make_unique<socket_client>(node.port()));
    clients.back()->hello("demo", "c" + std::to_string(i));
  }
  auto drained = std::async(std::launch::async, [&] { return node.door->drain(1000ms, 60s); });
  for (auto& x : clients) {
    CHECK(x->receive().value()["op"] == "drain");
    x->send({{"op", "ping"}});
    CHECK(x->receive().value()["op"] == "pong");
  }
  clients.clear();
  CHECK(drained.get() == 0);
}

TEST_CASE(
    "a crowd that comes at once is accepted in portions, so the thread gets to its other work in between") {
  caf::actor_system_config cfg;
  init_meta_objects();
  caf::actor_system sys{cfg};
  io_thread unit{sys};
  auto sockets = std::make_shared<socket_context>(unit, limits{});
  sockets->node = std::make_shared<node_status>();
  sockets->http = std::make_shared<http_service>();
  acceptor door{sockets, "127.0.0.1", 0};
  constexpr std::size_t count = 5 * acceptor::accepts_per_turn;
  std::vector<std::unique_ptr<socket_client>> crowd; // in the kernel's queue, before anyone accepts
  for (std::size_t i = 0; i < count; ++i) crowd.push_back(std::make_unique<socket_client>(door.port()));

  /// Looks on at the end of every turn, until all have been accepted.
  class onlooker : public turn_hook {
  public:
    onlooker(io_thread& unit, socket_context& sockets) : unit_(unit), sockets_(sockets) {}
    void on_turn_end() override {
      auto now = std::uint64_t{sockets_.half_open.size()};
      most = std::max(most, now - std::exchange(before_, now));
      ++turns;
      if (now == count) return unit_.stop();
      boost::asio::post(unit_.context(), [this] { unit_.at_turn_end(*this); });
    }
    std::uint64_t most = 0;
    int turns = 0;

  private:
    io_thread& unit_;
    socket_context& sockets_;
    std::uint64_t before_ = 0;
  } look{unit, *sockets};
  unit.at_turn_end(look);
  door.start();
  unit.run();
  CHECK(look.most <= acceptor::accepts_per_turn);
  CHECK(look.turns >= 5);
  crowd.clear();
}
