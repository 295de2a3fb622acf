#pragma once

#include "actors/core/limits.hpp"
#include "net/error_log.hpp"
#include "net/guest_book.hpp"
#include "net/http/http_connections.hpp"
#include "net/http/http_service.hpp"
#include "net/io_thread.hpp"
#include "net/node_status.hpp"
#include "net/return_schedule.hpp"
#include "net/socket_census.hpp"
#include "net/tls/tls_server.hpp"
#include "net/transport.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>

namespace weir {

/// What the sockets of one I/O thread share. Lives on that thread, and longer than any of them.
struct socket_context {
  socket_context(io_thread& unit, const limits& bounds)
    : unit(unit), bounds(bounds), returns(bounds.handshakes, 2 * handshake_timeout),
      half_open(bounds.handshakes) {}

  /// After how many milliseconds a client that is refused now is to come again. On a node that drains others
  /// will take it: soon, but not all at once.
  std::int64_t come_again_ms() {
    auto x = std::uniform_real_distribution<double>{0, 1}(random);
    if (node->draining)
      return return_schedule::min_ms + static_cast<std::int64_t>(x * return_schedule::jitter_ms);
    return returns.book(unit.system().clock().now(), x);
  }

  io_thread& unit;
  std::shared_ptr<node_status> node;
  limits bounds;
  std::chrono::milliseconds handshake_timeout{
      5000}; ///< From accept to the upgrade; as long again for a hello.
  return_schedule returns;
  std::minstd_rand random{std::random_device{}()};

  std::shared_ptr<const http_service> http; ///< What the port serves.
  std::shared_ptr<tls_server> tls;          ///< Null: the port has no TLS.
  http_connections http_sockets;
  std::size_t requests_in_hand = 0; ///< Plain ones, probes not counted.

  /// Names a request in its answer and in the log.
  std::string next_request_id() { return id_prefix + std::to_string(++last_request_id); }

  std::string id_prefix = random_id_prefix();
  std::uint64_t last_request_id = 0;

  guest_book half_open;                  ///< Handshakes in progress, by address; when it is full: 503.
  std::shared_ptr<socket_census> census; ///< Of all I/O threads; null: sockets are not counted.
  std::uint64_t refusing =
      0; ///< Sockets that are being told 503; at most as many again, then closed unheard.

  caf::telemetry::int_gauge* handshakes_gauge = nullptr;
  caf::telemetry::int_counter* handshakes_refused = nullptr;
  caf::telemetry::int_counter* sockets_refused = nullptr;
  caf::telemetry::int_counter* accept_errors = nullptr;
};

/// Counts a handshake while it lives.
class handshake_place {
public:
  handshake_place(std::shared_ptr<socket_context> context, std::unique_ptr<guest_book::place> guest)
    : context_(std::move(context)), guest_(std::move(guest)) {
    if (context_->handshakes_gauge != nullptr) context_->handshakes_gauge->inc();
  }
  ~handshake_place() {
    context_->returns.on_free(context_->unit.system().clock().now(), context_->half_open.size());
    if (context_->handshakes_gauge != nullptr) context_->handshakes_gauge->dec();
  }
  handshake_place(const handshake_place&) = delete;
  handshake_place& operator=(const handshake_place&) = delete;

  /// What ends the handshake when its place is another's.
  void evict_by(std::function<void()> evict) { guest_->evict_by(std::move(evict)); }

private:
  std::shared_ptr<socket_context> context_;
  std::unique_ptr<guest_book::place> guest_;
};

} // namespace weir
