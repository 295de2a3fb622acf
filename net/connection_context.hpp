#pragma once

#include "actors/core/namespace_limits.hpp"
#include "actors/core/refusal.hpp"
#include "actors/core/wall_clock.hpp"
#include "actors/namespace/relay_port.hpp"
#include "net/auth/authenticator.hpp"
#include "net/error_log.hpp"
#include "net/net_metrics.hpp"
#include "net/net_tally.hpp"
#include "net/replay_gate.hpp"
#include "net/session_token.hpp"
#include "net/timer_wheel.hpp"

#include <caf/actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

namespace weir {

class connection;

/// The relay of a namespace on a connection's thread. `actor` keeps `port` alive.
struct relay_handle {
  caf::actor actor;
  relay_port* port = nullptr;
};

/// Where connections come into a namespace. One per I/O thread, called on it.
class namespace_gate {
public:
  virtual ~namespace_gate() = default;

  /// Counts a connection in, or says why not (`429 quota`).
  /// @param most connections that the namespace may have.
  virtual std::variant<relay_handle, refusal> enter(const std::string& ns, std::uint64_t most) = 0;

  /// Counts it out again.
  virtual void leave(const std::string& ns) = 0;
};

/// What the connections of one I/O thread share. Lives on that thread, and longer than any of them.
struct connection_context {
  using limits_ptr = std::shared_ptr<const namespace_limits>;

  connection_context(caf::actor_system& sys, namespace_gate& gate, std::chrono::steady_clock::time_point now,
                     limits_ptr bounds = std::make_shared<const namespace_limits>())
    : bounds(std::move(bounds)), authentication(std::make_shared<authenticator>(sys)), metrics(sys),
      gate(gate), timers(now),
      replays(this->bounds->of_node().replays, metrics.replays, metrics.replays_waiting) {}

  limits_ptr bounds; ///< Connections point into it: see `connection::use_limits`.
  std::string node_name = "n1";
  std::chrono::milliseconds hello_timeout{5000};
  std::chrono::milliseconds heartbeat{25'000};
  std::shared_ptr<const session_signer> signer;                      ///< Of session tokens.
  std::shared_ptr<const authenticator> authentication;               ///< Never null.
  std::function<std::int64_t()> wall_clock_ms = weir::wall_clock_ms; ///< For their expiry.

  std::vector<frame_ptr> frames; ///< Of the write that is being put together; empty but for that moment.

  /// When a client that is refused for the node's sake is to come again: within 1 to 5 s, spread.
  std::int64_t come_again_ms() { return std::uniform_int_distribution<std::int64_t>{1000, 5000}(random); }

  bool draining = false; ///< The node takes no new clients.
  std::minstd_rand random{std::random_device{}()};

  net_metrics metrics;
  error_log told_errors{random_id_prefix()};
  net_tally tally{metrics};
  std::int64_t read_at_ns = 0; ///< When the frame came that is being handled, see `stage_time`.
  namespace_gate& gate;
  timer_wheel timers;
  replay_gate replays;
  std::unordered_set<connection*> connections; ///< Those whose socket is open.

  /// Other limits from now on, for the connections that are there, too.
  void use_limits(limits_ptr next);
};

} // namespace weir
