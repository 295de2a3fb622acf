#include "net/http/admin_door.hpp"

#include "actors/core/io_unit.hpp"
#include "net/acceptor.hpp"
#include "net/http/admin_routes.hpp"
#include "net/socket_context.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <future>

namespace weir {

namespace {

constexpr std::uint64_t max_requests = 16; // at once; operators are few
constexpr auto host_timeout = std::chrono::seconds{10};

limits door_limits() {
  limits out;
  out.handshakes = max_requests;
  return out;
}

bool is_probe(const std::string& path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

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
    if (!host_) return done(error_reply(503, "draining", "the node stops"));
    request(host_, host_timeout, std::move(what))
        .then([done](const admin_answer& got) { done(admin_reply(got)); },
              [done](const caf::error& why) { done(error_reply(503, "unavailable", to_string(why))); });
  }

private:
  caf::actor host_;
};

} // namespace

struct admin_door::state {
  state(caf::actor_system& sys, io_thread& unit, config settings)
    : unit(unit), sockets(std::make_shared<socket_context>(unit, door_limits())),
      actor(sys.spawn<admin_actor>(unit, settings.host)), token(std::move(settings.token)),
      drain(std::move(settings.drain)), address(settings.address) {
    sockets->node = std::move(settings.status);
    sockets->handshakes_refused = sys.metrics().counter_singleton(
        "weir", "admin-refused", "Admin requests that were told 503, as there were too many.", "1", true);
    auto* ask = dynamic_cast<admin_actor*>(caf::actor_cast<caf::abstract_actor*>(actor));
    sockets->handle = [this, ask](const http_request& what, std::function<void(http_reply)> done) {
      if (is_probe(what.path))
        return done(route(what.method, what.path, *sockets->node, this->unit.system()));
      auto routed = admin_route(what, token);
      if (auto* query = std::get_if<admin_query>(&routed))
        return ask->ask(std::move(*query), std::move(done));
      auto* drain = std::get_if<admin_drain>(&routed);
      if (drain == nullptr) return done(std::get<http_reply>(std::move(routed)));
      if (drain->node.empty() || drain->node == sockets->node->name) return done(begin_drain());
      admin_query order;
      order.what = admin_query::verb::drain;
      order.node = drain->node;
      ask->ask(std::move(order), std::move(done));
    };
    try {
      auto port = claim_port(unit, settings.address, settings.port);
      door = std::make_unique<acceptor>(sockets, settings.address, port);
    } catch (...) {
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
      throw;
    }
  }

  http_reply begin_drain() const {
    drain();
    return drain_reply(sockets->node->name);
  }

  io_thread& unit;
  std::shared_ptr<socket_context> sockets;
  caf::actor actor;
  std::string token;
  std::function<void()> drain;
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
  auto host = state_->address.find(':') == std::string::npos ? state_->address : "[" + state_->address + "]";
  return "http://" + host + ":" + std::to_string(state_->door->port());
}

void admin_door::stop() {
  state_->door->stop();
  std::promise<void> done;
  boost::asio::post(state_->unit.context(), [&] {
    state_->sockets->handle = [](const http_request&, const std::function<void(http_reply)>& reply) {
      reply(error_reply(503, "draining", "the node stops"));
    };
    done.set_value();
  });
  done.get_future().wait();
  caf::anon_send_exit(state_->actor, caf::exit_reason::user_shutdown);
  state_->actor = nullptr;
}

} // namespace weir
