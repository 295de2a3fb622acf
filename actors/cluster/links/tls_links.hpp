#pragma once

#include "actors/cluster/links/tcp_links.hpp"
#include "actors/cluster/links/tls_credentials.hpp"
#include "actors/cluster/links/tls_failures.hpp"

#include <memory>

namespace weir {

/// Links between nodes over TLS instead of plain TCP. The middleman's broker sees no difference: what it
/// reads has been decrypted, and came from a node with a certificate that this one believes.
class tls_links : public tcp_links {
public:
  /// @param patience how long it may take to connect to a node, and again how long the handshake may.
  tls_links(caf::actor_system& sys, tls_credentials who, std::chrono::milliseconds patience);

private:
  tls_links(caf::actor_system& sys, tls_credentials who, std::chrono::milliseconds patience,
            std::shared_ptr<unproven_links> unproven, std::shared_ptr<tls_failures> failures);
};

} // namespace weir
