#pragma once

#include "actors/core/byte_budget.hpp"
#include "actors/core/namespace_limits.hpp"
#include "net/auth/authenticator.hpp"
#include "net/http/http_access.hpp"
#include "net/http/metrics_exporter.hpp"
#include "net/io_thread.hpp"
#include "net/node_status.hpp"
#include "net/session_token.hpp"
#include "net/tls/tls_server.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

/// The clients' side of a node: acceptors, connections and relays on every I/O thread.
class gateway {
public:
  struct config {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0; ///< 0: a free one.
    std::shared_ptr<const namespace_limits> bounds = std::make_shared<const namespace_limits>();
    std::chrono::milliseconds heartbeat{25'000};
    std::shared_ptr<const session_signer> signer;
    std::shared_ptr<const authenticator> authentication; ///< Null: nobody is authenticated.
    std::shared_ptr<node_status> status; ///< Becomes ready with `start`, and not ready with `drain`.
    caf::actor host;
    std::shared_ptr<tls_server> tls; ///< Null: the port has no TLS.
    http_access::settings access;    ///< `loopback` is worked out from `address`.
    std::shared_ptr<metrics_exporter>
        metrics;                   ///< For `/metrics` on the clients' port; null: it is not there.
    std::uint64_t max_sockets = 0; ///< Of clients, over all I/O threads; 0: no bound.
    std::shared_ptr<byte_budget> memory = nullptr; ///< What may wait for clients' sockets together.
  };

  /// Listens, but accepts nothing yet. Throws std::runtime_error that names the address when it cannot.
  /// @param threads are to be started, and to outlive the gateway.
  gateway(caf::actor_system& sys, io_threads& threads, config settings);
  ~gateway();

  /// Begins to accept.
  void start();

  /// Other limits from now on: for connections that are there, too, and `frame_bytes` for those that come.
  /// Waits until every I/O thread has them; not to be called on one.
  void use_limits(const std::shared_ptr<const namespace_limits>& bounds);

  std::uint16_t port() const noexcept { return port_; }
  std::string url() const;

  /// Takes no new sockets, and tells each client when to move: all of them within `window`. Those that are
  /// there are served on. Waits until the last one is gone, but not longer than `at_most`.
  /// @returns how many are left.
  std::size_t drain(std::chrono::milliseconds window, std::chrono::milliseconds at_most);

  /// Closes every connection with 1001 and ends the relays. Waits for that, but not longer than `at_most`.
  void stop(std::chrono::milliseconds at_most);

private:
  class shard;

  void stop_accepting();
  std::size_t wait_until_empty(std::chrono::milliseconds at_most);

  config settings_;
  std::uint16_t port_ = 0;
  std::vector<std::unique_ptr<shard>> shards_;
};

} // namespace weir
