#pragma once

#include <cstdint>
#include <string>

#include <netinet/in.h>

namespace weir::bench {

/// A server's address, from `ws://host:port`, `http://host:port` or `host:port`; a path is ignored.
struct address {
  std::string text; ///< `host:port`
  sockaddr_in ip{};

  /// Throws std::invalid_argument with what is wrong.
  static address parse(const std::string& url);

  bool is_loopback() const { return (ntohl(ip.sin_addr.s_addr) >> 24) == 127; }
};

/// Opens a socket that does not block and begins to connect it. @param source where it connects from, in host
/// order; 0 leaves that to the kernel.
/// Throws std::system_error when the machine has no more sockets. Gives -1 when the server cannot be reached.
int begin_connect(const address& to, std::uint32_t source);

/// What became of a connect, as `errno` would say; 0 when it went through.
int connect_error(int fd);

} // namespace weir::bench
