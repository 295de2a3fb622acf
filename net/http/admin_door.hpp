#pragma once

#include "net/http/admin_routes.hpp"
#include "net/http/http_access.hpp"
#include "net/http/metrics_exporter.hpp"
#include "net/io_thread.hpp"
#include "net/node_status.hpp"
#include "net/tls/tls_server.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace weir {

/// The operators' side of a node: HTTP on an address of its own. See admin_routes.hpp for what can be asked.
/// The probes (`/healthz`, `/readyz`, `/metrics`) are here too, for anyone: the clients' address takes no
/// sockets while the node drains, this one does until it ends.
class admin_door {
public:
  struct config {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;                                               ///< 0: a free one.
    std::function<admin_tokens()> tokens = [] { return admin_tokens{}; }; ///< Asked anew for each request.
    std::shared_ptr<node_status> status;
    caf::actor host;
    caf::actor copier = {}; ///< Has copies of the store made: see `start_store_copier`. Null: no store.
    std::shared_ptr<tls_server> tls; ///< Null: the port has no TLS.
    caf::actor reloader;             ///< Answers a query of `reload`.
    std::function<void()> drain;     ///< Lets the node drain and end. Called from its thread, more than once.
    http_access::settings access;    ///< `loopback` is worked out from `address`.
    std::shared_ptr<metrics_exporter> metrics;
  };

  /// Listens, but accepts nothing yet. Throws std::runtime_error that names the address when it cannot.
  admin_door(caf::actor_system& sys, io_thread& unit, config settings);
  ~admin_door();

  void start();
  std::string url() const;

  /// Takes no requests any more. To be called before the thread stops.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

} // namespace weir
