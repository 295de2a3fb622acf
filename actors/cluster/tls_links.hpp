#pragma once

#include "actors/cluster/middleman_dial.hpp"
#include "actors/cluster/tls_credentials.hpp"
#include "actors/cluster/tls_failures.hpp"

#include <caf/actor_system.hpp>
#include <caf/io/middleman_actor.hpp>

#include <chrono>
#include <cstddef>
#include <memory>

namespace weir {

/// Links between nodes over TLS instead of plain TCP. The middleman's broker sees no difference: what it
/// reads has been decrypted, and came from a node with a certificate that this one believes.
class tls_links {
public:
  /// Connections whose other side has not shown who it is. Overflow policy: the oldest is closed.
  static constexpr std::size_t max_unproven = 64;

  /// @param patience how long the handshake with a node that was dialled may take. Dials wait for each other.
  tls_links(caf::actor_system& sys, tls_credentials who, std::chrono::milliseconds patience);
  ~tls_links();

  tls_links(const tls_links&) = delete;
  tls_links& operator=(const tls_links&) = delete;

  /// Good as long as this is.
  dial_function dial() const;
  listen_function listen() const;

private:
  caf::actor_system& system_;
  std::shared_ptr<tls_failures> failures_;
  caf::io::middleman_actor actor_;
};

} // namespace weir
