// The HTTP front over real sockets, with routes of the tests' own.

#include "actors/messages/meta_objects.hpp"
#include "net/acceptor.hpp"
#include "net/socket_context.hpp"
#include "tests/support/socket_client.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <future>
#include <thread>

using namespace weir;
using namespace weir::test;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

namespace {

using exchange = std::shared_ptr<http_exchange>;

http_reply text(std::string body) { return {200, "text/plain", std::move(body), {}, 0, {}}; }

/// A port that serves what a test wants.
class live_port {
public:
  explicit live_port(const std::function<void(http_service&)>& set_up, const limits& bounds = {})
    : sys_(configured()), io_(sys_, 1), sockets_(std::make_shared<socket_context>(io_.at(0), bounds)) {
    auto service = std::make_shared<http_service>();
    set_up(*service);
    add_http_metrics(*service, *sockets_, "test");
    sockets_->node = std::make_shared<node_status>();
    sockets_->node->ready = true;
    sockets_->http = service;
    door_ = std::make_unique<acceptor>(sockets_, "127.0.0.1", 0);
    io_.start();
    on_thread([this] { door_->start(); });
  }

  ~live_port() {
    door_->stop();
    on_thread([] {});
    io_.stop();
    io_.join();
  }

  void on_thread(const std::function<void()>& f) {
    std::promise<void> done;
    boost::asio::post(io_.at(0).context(), [&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  std::uint16_t port() const { return door_->port(); }
  socket_context& sockets() { return *sockets_; }

  /// Sends bytes; gives all that comes until the node closes.
  std::string ask(const std::string& bytes) const {
    socket_client client{port()};
    client.send_raw(bytes);
    return client.read_all();
  }

private:
  caf::actor_system_config& configured() {
    init_meta_objects();
    return cfg_;
  }

  caf::actor_system_config cfg_;
  caf::actor_system sys_;
  io_threads io_;
  std::shared_ptr<socket_context> sockets_;
  std::unique_ptr<acceptor> door_;
};

void add(http_service& to, const char* method, const char* pattern, http_handler handle) {
  http_route made;
  made.method = method;
  made.pattern = pattern;
  made.handle = std::move(handle);
  to.routes.add(std::move(made));
}

void add_echo(http_service& to) {
  add(to, "POST", "/echo", [](const exchange& x) { x->reply(text('<' + x->request().body + '>')); });
  add(to, "GET", "/echo", [](const exchange& x) { x->reply(text('<' + x->request().query + '>')); });
}

std::string get(const std::string& target, const std::string& more = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string last(const std::string& target) { return get(target, "Connection: close\r\n"); }

std::size_t count(const std::string& in, const std::string& what) {
  std::size_t out = 0;
  for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + 1)) ++out;
  return out;
}

} // namespace

TEST_CASE("requests that come together are answered in their order", "[http]") {
  live_port port{add_echo};
  std::string all;
  for (int i = 0; i < 100; ++i)
    all += i % 2 == 0 ? get("/echo?" + std::to_string(i))
                      : "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
                            + std::to_string(i % 100 / 10) + std::to_string(i % 10);
  auto got = port.ask(all + last("/echo?end"));
  std::size_t at = 0;
  for (int i = 0; i < 100; ++i) {
    auto want = '<' + std::string(i % 2 == 1 && i < 10 ? "0" : "") + std::to_string(i) + '>';
    INFO(want);
    REQUIRE((at = got.find(want, at)) != std::string::npos);
  }
  CHECK_THAT(got, EndsWith("<end>"));
  CHECK(count(got, "HTTP/1.1 200 OK") == 101);
}

TEST_CASE("an answer that comes later holds back those behind it, and nobody else", "[http]") {
  exchange held;
  std::promise<void> is_held;
  live_port port{[&](http_service& to) {
    add_echo(to);
    add(to, "GET", "/later", [&](exchange x) {
      held = std::move(x);
      is_held.set_value();
    });
  }};
  socket_client slow{port.port()};
  slow.send_raw(get("/later") + last("/echo?behind"));
  is_held.get_future().wait();
  CHECK_THAT(port.ask(last("/echo?other")), EndsWith("<other>"));
  port.on_thread([&] { std::exchange(held, nullptr)->reply(text("late")); });
  auto got = slow.read_all();
  CHECK(got.find("late") < got.find("<behind>"));
  CHECK_THAT(got, EndsWith("<behind>"));
}

TEST_CASE("a client that has closed its own side still gets its answer", "[http]") {
  exchange held;
  std::promise<void> is_held;
  live_port port{[&](http_service& to) {
    add(to, "GET", "/later", [&](exchange x) {
      held = std::move(x);
      is_held.set_value();
    });
  }};
  socket_client client{port.port()};
  client.send_raw(get("/later"));
  is_held.get_future().wait();
  client.shut_down();
  port.on_thread([] {});
  port.on_thread([&] { std::exchange(held, nullptr)->reply(text("late")); });
  CHECK_THAT(client.read_all(), EndsWith("late"));
}

TEST_CASE("a handler that throws, or does not answer, costs its request and no other", "[http]") {
  live_port port{[](http_service& to) {
    add_echo(to);
    add(to, "GET", "/throws", [](const exchange&) { throw std::runtime_error{"a secret"}; });
    add(to, "GET", "/forgets", [](const exchange&) {});
    add(to, "GET", "/answers-and-throws", [](const exchange& x) {
      x->reply(text("first"));
      x->reply(text("second"));
      throw std::runtime_error{"a secret"};
    });
  }};
  auto got = port.ask(get("/throws") + get("/forgets") + get("/answers-and-throws") + last("/echo?on"));
  CHECK(count(got, "HTTP/1.1 500 ") == 2);
  CHECK_THAT(got,
             ContainsSubstring("first") && !ContainsSubstring("second") && !ContainsSubstring("a secret"));
  CHECK_THAT(got, EndsWith("<on>"));
}

TEST_CASE("a stream comes in chunks, and the connection goes on behind it", "[http]") {
  live_port port{[](http_service& to) {
    add_echo(to);
    add(to, "GET", "/stream", [](const exchange& x) {
      x->begin(text("a"));
      x->write("bc");
      x->write("");
      x->end();
    });
    add(to, "GET", "/cut", [](const exchange& x) {
      x->begin(text({}));
      x->write("abc");
    });
  }};
  auto got = port.ask(get("/stream") + last("/echo?on"));
  CHECK_THAT(
      got, ContainsSubstring("transfer-encoding: chunked\r\n\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\nHTTP/1.1 200"));
  auto head = port.ask("HEAD /stream HTTP/1.1\r\nHost: localhost\r\n\r\n" + last("/echo?on"));
  CHECK_THAT(head, !ContainsSubstring("bc") && EndsWith("<on>"));
  auto old = port.ask("GET /stream HTTP/1.0\r\n\r\n");
  CHECK_THAT(old, !ContainsSubstring("chunked") && EndsWith("\r\n\r\nabc"));
  CHECK_THAT(port.ask(get("/cut")), EndsWith("3\r\nabc\r\n")); // without an end
}

TEST_CASE("whoever writes a stream is told when its reader has taken it, and when it has gone", "[http]") {
  std::promise<void> writable, gone;
  exchange held;
  live_port port{[&](http_service& to) {
    add(to, "GET", "/stream", [&](const exchange& x) {
      held = x;
      x->on_writable([&] { writable.set_value(); });
      x->on_gone([&] { gone.set_value(); });
      x->begin(text({}));
      CHECK_FALSE(x->write(std::string(8 * 1024 * 1024, 'x'))); // more than the kernel takes
    });
  }};
  auto client = std::make_unique<socket_client>(port.port(), 4096);
  client->send_raw(get("/stream"));
  std::string got;
  while (got.size() < 8 * 1024 * 1024) got += client->read_some();
  writable.get_future().wait();
  client.reset();
  gone.get_future().wait();
  port.on_thread([&] {
    CHECK_FALSE(held->is_open());
    held->write("to nobody");
    held = nullptr;
  });
}

TEST_CASE("a body is asked for only if it is wanted", "[http]") {
  live_port port{[](http_service& to) {
    add_echo(to);
    to.max_body_bytes = 10;
  }};
  auto post = [](const std::string& target, const std::string& more) {
    return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
  };
  socket_client polite{port.port()};
  polite.send_raw(post("/echo", "Content-Length: 2\r\nExpect: 100-continue\r\nConnection: close\r\n"));
  CHECK(polite.read_some() == "HTTP/1.1 100 Continue\r\n\r\n");
  polite.send_raw("hi");
  CHECK_THAT(polite.read_all(), StartsWith("HTTP/1.1 200") && EndsWith("<hi>"));
  CHECK_THAT(port.ask(post("/echo", "Content-Length: 11\r\nExpect: 100-continue\r\n")),
             StartsWith("HTTP/1.1 413"));
  CHECK_THAT(port.ask(post("/none", "Content-Length: 2\r\nExpect: 100-continue\r\n")),
             StartsWith("HTTP/1.1 404"));
  CHECK_THAT(port.ask(post("/echo", "Expect: coffee\r\nConnection: close\r\n")), StartsWith("HTTP/1.1 417"));
  // A small one that nobody wants is read over, so that the connection goes on.
  auto got = port.ask(post("/none", "Content-Length: 20\r\n") + std::string(20, 'x') + last("/echo?on"));
  CHECK_THAT(got, StartsWith("HTTP/1.1 404") && EndsWith("<on>"));
}

TEST_CASE("a request names itself, or is given a name", "[http]") {
  live_port port{add_echo};
  CHECK_THAT(port.ask(get("/echo", "X-Request-Id: mine-1\r\nConnection: close\r\n")),
             ContainsSubstring("x-request-id: mine-1\r\n"));
  for (auto* bad : {"X-Request-Id: a b\r\n", "X-Request-Id: a\r\nX-Request-Id: b\r\n", ""})
    CHECK_THAT(port.ask(get("/echo", std::string{bad} + "Connection: close\r\n")),
               ContainsSubstring("x-request-id: ") && !ContainsSubstring("x-request-id: a"));
}

TEST_CASE("requests beyond the bound are told 503, probes and routes with a bound of their own are not",
          "[http]") {
  std::vector<exchange> held;
  std::promise<void> two;
  live_port port{[&](http_service& to) {
    to.max_requests = 2;
    add(to, "GET", "/hold", [&](exchange x) {
      held.push_back(std::move(x));
      if (held.size() == 2) two.set_value();
    });
    http_route probe;
    probe.method = "GET";
    probe.pattern = "/probe";
    probe.probe = true;
    probe.handle = [](const exchange& x) { x->reply(text("well")); };
    to.routes.add(std::move(probe));
  }};
  socket_client first{port.port()}, second{port.port()};
  first.send_raw(last("/hold"));
  second.send_raw(last("/hold"));
  two.get_future().wait();
  CHECK_THAT(port.ask(last("/hold")),
             StartsWith("HTTP/1.1 503") && ContainsSubstring("retry-after-ms: 1000"));
  CHECK_THAT(port.ask(last("/probe")), EndsWith("well"));
  port.on_thread([&] {
    for (auto& x : held) x->reply(text("done"));
    held.clear();
  });
  CHECK_THAT(first.read_all() + second.read_all(), EndsWith("done"));
  port.on_thread([&] { CHECK(port.sockets().requests_in_hand == 0); });
}

TEST_CASE("sockets that say nothing keep nobody out", "[http]") {
  live_port port{[](http_service& to) {
    add_echo(to);
    to.max_connections = 8;
    to.counts_handshakes = false;
  }};
  std::vector<std::unique_ptr<socket_client>> silent;
  for (int i = 0; i < 100; ++i) {
    silent.push_back(std::make_unique<socket_client>(port.port()));
    if (i % 2 == 0) silent.back()->send_raw("GET /echo HTTP/1.1\r\nHost: loc"); // half a request
  }
  CHECK_THAT(port.ask(last("/echo?on")), EndsWith("<on>"));
  port.on_thread([&] { CHECK(port.sockets().http_sockets.size() <= 8); });
  CHECK(silent.front()->read_all().empty());
}

TEST_CASE("what comes too slowly is ended", "[http]") {
  live_port port{[](http_service& to) {
    add_echo(to);
    to.head_timeout = to.body_timeout = to.idle_timeout = to.write_timeout = std::chrono::milliseconds{50};
  }};
  CHECK(port.ask("").empty());
  CHECK_THAT(port.ask("GET /echo HTT"), StartsWith("HTTP/1.1 408"));
  CHECK_THAT(port.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab"),
             StartsWith("HTTP/1.1 408"));
  CHECK_THAT(port.ask(get("/echo?kept")), EndsWith("<kept>"));
}
