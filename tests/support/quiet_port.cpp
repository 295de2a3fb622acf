#include "tests/support/quiet_port.hpp"

#include <random>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::test {

std::uint16_t quiet_port() {
  for (std::random_device random;;) {
    auto port = static_cast<std::uint16_t>(10'000 + random() % 20'000);
    auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(port);
    auto free = bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof(at)) == 0;
    close(fd);
    if (free) return port;
  }
}

} // namespace weir::test
