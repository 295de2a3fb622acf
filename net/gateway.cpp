#include "net/gateway.hpp"

#include "actors/core/url.hpp"
#include "net/acceptor.hpp"
#include "net/auth/request_identity.hpp"
#include "net/connection.hpp"
#include "net/drain_round.hpp"
#include "net/http/node_pages.hpp"
#include "net/relay_registry.hpp"
#include "net/wire/encode.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>
#include <future>
#include <thread>

namespace weir {

namespace asio = boost::asio;

namespace {

/// The subprotocol that clients have to offer.
constexpr const char* subprotocol = "weir.v1";

} // namespace

/// What a gateway has on one I/O thread.
class gateway::shard {
public:
  shard(io_thread& unit, const config& settings, std::shared_ptr<namespace_census> census,
        std::shared_ptr<socket_census> all_sockets, std::uint16_t port)
    : unit_(unit), relays_(unit, settings.host, wire::encode_event, std::move(census),
                           settings.bounds->of_node().namespaces),
      shared_(std::make_shared<connection_context>(unit.system(), relays_, unit.system().clock().now(),
                                                   settings.bounds)),
      sockets_(std::make_shared<socket_context>(unit, settings.bounds->of_node())), timer_(unit.context()) {
    shared_->node_name = settings.status->name;
    shared_->heartbeat = settings.heartbeat;
    shared_->signer = settings.signer;
    if (settings.authentication) shared_->authentication = settings.authentication;
    sockets_->node = settings.status;
    sockets_->tls = settings.tls;
    sockets_->http = serve(settings);
    sockets_->census = std::move(all_sockets);
    sockets_->sockets_refused = unit.system().metrics().counter_singleton(
        "weir", "sockets-refused", "Sockets above the bounds of the node or of their address.", "1", true);
    auto& metrics = unit.system().metrics();
    sockets_->handshakes_gauge = metrics.gauge_singleton("weir", "handshakes", "Handshakes in progress.");
    metrics
        .gauge_singleton("weir", "handshakes-limit",
                         "The bound on weir_handshakes: limits.handshakes for each "
                         "I/O thread.")
        ->inc(static_cast<std::int64_t>(settings.bounds->of_node().handshakes));
    sockets_->handshakes_refused =
        metrics.counter_singleton("weir", "handshakes-refused", "Sockets that were told 503.", "1", true);
    sockets_->accept_errors =
        metrics.counter_singleton("weir", "accept-errors", "Failed attempts to accept a socket.", "1", true);
    acceptor_ = std::make_unique<acceptor>(sockets_, settings.address, port);
  }

  std::uint16_t port() const { return acceptor_->port(); }

  void start() {
    asio::post(unit_.context(), [this] {
      acceptor_->start();
      tick();
    });
  }

  void stop_accepting() { acceptor_->stop(); }

  void drain(std::chrono::milliseconds window) {
    run_there([this, window] {
      shared_->draining = true;
      round_ = std::make_shared<drain_round>(unit_, *shared_, window);
      round_->start();
      return 0;
    });
  }

  void use_limits(const std::shared_ptr<const namespace_limits>& bounds) {
    run_there([this, &bounds] {
      shared_->use_limits(bounds);
      sockets_->bounds = bounds->of_node();
      return 0;
    });
  }

  void close_connections() {
    run_there([this] {
      for (auto* x : shared_->connections) caf::anon_send_exit(x->address(), caf::exit_reason::user_shutdown);
      return 0;
    });
  }

  std::size_t connections() {
    return run_there([this] { return shared_->connections.size(); });
  }

  /// Nothing calls back after this.
  void end() {
    run_there([this] {
      timer_.cancel();
      ended_ = true;
      round_ = nullptr;
      relays_.clear();
      return 0;
    });
    run_there([] { return 0; }); // behind a tick that was due already
  }

private:
  template <class F>
  auto run_there(F f) -> decltype(f()) {
    std::packaged_task<decltype(f())()> job{std::move(f)};
    auto done = job.get_future();
    asio::post(unit_.context(), std::ref(job));
    return done.get();
  }

  /// What the clients' port serves.
  std::shared_ptr<const http_service> serve(const config& settings) {
    auto out = std::make_shared<http_service>();
    out->access = http_access{settings.access};
    out->max_body_bytes = settings.bounds->of_node().http_body_bytes;
    add_http_metrics(*out, *sockets_, "clients");
    add_probes(out->routes, settings.status);
    add_index(out->routes, settings.status);
    add_later(out->routes);
    if (settings.metrics) add_metrics(out->routes, unit_, settings.metrics);
    out->routes.add({"/v1/ws",
                     {subprotocol},
                     [this](const http_request& request, std::shared_ptr<transport> socket,
                            std::function<void()> hello_done) {
                       return open(request, std::move(socket), std::move(hello_done));
                     },
                     [this](http_request& request) {
                       return identify_request(*shared_->authentication, request, shared_->wall_clock_ms());
                     }});
    return out;
  }

  opened_connection open(const http_request& request, std::shared_ptr<transport> socket,
                         std::function<void()> hello_done) {
    if (ended_) return {};
    auto actor = unit_.system().spawn<connection>(unit_, shared_, std::move(socket), std::move(hello_done));
    auto* listener = dynamic_cast<connection*>(caf::actor_cast<caf::abstract_actor*>(actor));
    listener->set_identity(request.identity);
    if (shared_->draining) listener->drain(0); // its upgrade was under way when that began: refused
    return {listener, actor};
  }

  void tick() {
    if (ended_) return;
    auto now = unit_.system().clock().now();
    shared_->timers.advance(now);
    relays_.sweep(now);
    timer_.expires_after(timer_wheel::tick);
    timer_.async_wait([this](boost::system::error_code stopped) {
      if (!stopped) tick();
    });
  }

  io_thread& unit_;
  relay_registry relays_;
  std::shared_ptr<connection_context> shared_;
  std::shared_ptr<socket_context> sockets_;
  std::unique_ptr<acceptor> acceptor_;
  std::shared_ptr<drain_round> round_; // once it drains
  asio::steady_timer timer_;
  bool ended_ = false;
};

gateway::gateway(caf::actor_system&, io_threads& threads, config settings) : settings_(std::move(settings)) {
  settings_.access.loopback = is_loopback_address(settings_.address);
  auto census = std::make_shared<namespace_census>();
  auto& bounds = settings_.bounds->of_node();
  auto all_sockets = std::make_shared<socket_census>(socket_census::bounds{
      settings_.max_sockets, bounds.connections_per_address, bounds.handshakes_per_address_per_s});
  port_ = claim_port(threads.at(0), settings_.address, settings_.port);
  for (std::size_t i = 0; i < threads.size(); ++i) {
    shards_.push_back(std::make_unique<shard>(threads.at(i), settings_, census, all_sockets, port_));
    port_ = shards_.back()->port(); // a free port is chosen once, and then shared
  }
}

gateway::~gateway() = default;

void gateway::start() {
  for (auto& x : shards_) x->start();
  settings_.status->ready = true;
}

void gateway::use_limits(const std::shared_ptr<const namespace_limits>& bounds) {
  for (auto& x : shards_) x->use_limits(bounds);
}

std::string gateway::url() const {
  return (settings_.tls ? "https://" : "http://") + to_string(host_port{settings_.address, port_});
}

void gateway::stop_accepting() {
  settings_.status->ready = false;
  for (auto& x : shards_) x->stop_accepting();
}

std::size_t gateway::drain(std::chrono::milliseconds window, std::chrono::milliseconds at_most) {
  settings_.status->draining = true;
  stop_accepting();
  for (auto& x : shards_) x->drain(std::min(window, at_most));
  return wait_until_empty(at_most);
}

void gateway::stop(std::chrono::milliseconds at_most) {
  stop_accepting();
  for (auto& x : shards_) x->close_connections();
  wait_until_empty(at_most);
  for (auto& x : shards_) x->end();
}

/// Gives how many connections are left. By polling: their number is the threads' own.
std::size_t gateway::wait_until_empty(std::chrono::milliseconds at_most) {
  auto deadline = std::chrono::steady_clock::now() + at_most;
  while (true) {
    std::size_t left = 0;
    for (auto& x : shards_) left += x->connections();
    if (left == 0 || std::chrono::steady_clock::now() >= deadline) return left;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

} // namespace weir
