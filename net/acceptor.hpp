#pragma once

#include "net/socket_context.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace weir {

/// Accepts the sockets of one I/O thread. Several acceptors share a port; the kernel spreads the connections.
class acceptor {
public:
  /// Sockets that are accepted before the thread does what else it has to do: a crowd that comes at once does
  /// not keep those who are there from being served.
  static constexpr std::size_t accepts_per_turn = 32;

  /// @param address an IP address; @param port 0: a free one.
  /// Throws std::runtime_error that names the address when it cannot be listened on.
  acceptor(std::shared_ptr<socket_context> context, const std::string& address, std::uint16_t port);
  ~acceptor();

  std::uint16_t port() const;

  /// Begins to accept. Then only from the context's thread.
  void start();

  /// Accepts no more. From any thread.
  void stop();

private:
  struct state;
  std::shared_ptr<state> state_;
};

/// A port that nobody listens on. Acceptors share theirs (`SO_REUSEPORT`), and so would another node on the
/// same port, or one that was given the same free port: this is asked first, without sharing.
/// @param port 0: any free one. Throws std::runtime_error that names the address when it is taken.
std::uint16_t claim_port(io_thread& unit, const std::string& address, std::uint16_t port);

} // namespace weir
