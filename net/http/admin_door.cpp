#include "net/http/admin_door.hpp"

#include "actors/core/io_unit.hpp"
#include "actors/core/url.hpp"
#include "net/acceptor.hpp"
#include "net/http/admin_routes.hpp"
#include "net/http/node_pages.hpp"
#include "net/socket_context.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <spdlog/spdlog.h>

#include <future>

namespace weir {

namespace {

constexpr std::size_t max_requests = 16; // at once, probes not counted; operators are few
constexpr std::size_t max_connections = 256;
constexpr auto host_timeout = std::chrono::seconds{10};
constexpr auto reload_timeout = std::chrono::seconds{30}; // it reads files, and waits for every I/O thread
constexpr auto copy_timeout = std::chrono::seconds{3600};

/// Asks the host for the sockets of its thread, by direct calls.
class admin_actor : public io_actor {
public:
  admin_actor(caf::actor_config& cfg, io_unit& unit, caf::actor host)
    : io_actor(cfg, unit), host_(std::move(host)) {}

  caf::behavior make_behavior() override {
    return {[](tick_atom) {}};
  }

  void on_exit() override { host_ = nullptr; }

  void ask(admin_query what, std::function<void(http_reply)> done) {
    ask(host_, host_timeout, std::move(what), std::move(done));
  }

  void ask(const caf::actor& whom, std::chrono::seconds timeout, admin_query what,
           std::function<void(http_reply)> done) {
    if (!whom) return done(error_reply(503, "draining", "the node stops"));
    request(whom, timeout, std::move(what))
        .then([done](const admin_answer& got) { done(admin_reply(got)); },
              [done](const caf::error& why) {
                spdlog::warn("admin.unanswered: {}", to_string(why));
                done(error_reply(503, "unavailable", "the node did not answer in time", 1000));
              });
  }

private:
  caf::actor host_;
};

} // namespace

struct admin_door::state {
  state(caf::actor_system& sys, io_thread& unit, config settings)
    : unit(unit), sockets(std::make_shared<socket_context>(unit, limits{})),
      actor(sys.spawn<admin_actor>(unit, settings.host)), address(settings.address) {
    sockets->node = settings.status;
    sockets->tls = settings.tls;
    sockets->http = serve(settings);
    try {
      auto port = claim_port(unit, settings.address, settings.port);
      door = std::make_unique<acceptor>(sockets, settings.address, port);
    } catch (...) {
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
      throw;
    }
  }

  std::shared_ptr<const http_service> serve(const config& settings) {
    auto out = std::make_shared<http_service>();
    auto access = settings.access;
    access.loopback = is_loopback_address(settings.address);
    out->access = http_access{std::move(access)};
    out->counts_handshakes = false;
    out->max_requests = max_requests;
    out->max_connections = max_connections;
    add_http_metrics(*out, *sockets, "admin");
    out->refused = unit.system().metrics().counter_singleton(
        "weir", "admin-refused", "Admin requests that were told 503, as there were too many.", "1", true);
    add_probes(out->routes, settings.status);
    if (settings.metrics) add_metrics(out->routes, unit, settings.metrics);
    auto* ask = dynamic_cast<admin_actor*>(caf::actor_cast<caf::abstract_actor*>(actor));
    admin_port port;
    // The actor is there as long as `actor` says so: see `stop`.
    port.ask = [this, ask](admin_query what, std::function<void(http_reply)> done) {
      if (!actor) return done(error_reply(503, "draining", "the node stops"));
      ask->ask(std::move(what), std::move(done));
    };
    port.drain = settings.drain;
    if (settings.reloader)
      port.reload = [this, ask, reloader = settings.reloader](std::function<void(http_reply)> done) {
        if (!actor) return done(error_reply(503, "draining", "the node stops"));
        admin_query what;
        what.what = admin_query::verb::reload;
        ask->ask(reloader, reload_timeout, std::move(what), std::move(done));
      };
    if (settings.copier)
      port.copy_store = [this, ask, copier = settings.copier](std::function<void(http_reply)> done) {
        if (!actor) return done(error_reply(503, "draining", "the node stops"));
        ask->ask(copier, copy_timeout, {}, std::move(done));
      };
    port.node_name = settings.status->name;
    add_admin_routes(out->routes, std::move(port), settings.tokens);
    return out;
  }

  io_thread& unit;
  std::shared_ptr<socket_context> sockets;
  caf::actor actor;
  std::string address;
  std::unique_ptr<acceptor> door;
};

admin_door::admin_door(caf::actor_system& sys, io_thread& unit, config settings)
  : state_(std::make_shared<state>(sys, unit, std::move(settings))) {}

admin_door::~admin_door() = default;

void admin_door::start() {
  boost::asio::post(state_->unit.context(), [x = state_] { x->door->start(); });
}

std::string admin_door::url() const {
  auto at = to_string(host_port{state_->address, state_->door->port()});
  return (state_->sockets->tls ? "https://" : "http://") + at;
}

void admin_door::stop() {
  state_->door->stop();
  std::promise<void> done;
  boost::asio::post(state_->unit.context(), [&] {
    caf::anon_send_exit(state_->actor, caf::exit_reason::user_shutdown);
    state_->actor = nullptr;
    done.set_value();
  });
  done.get_future().wait();
}

} // namespace weir
