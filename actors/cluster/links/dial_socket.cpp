#include "actors/cluster/links/dial_socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir {

namespace {

using clock = std::chrono::steady_clock;
using address_list = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

/// @returns an errno; 0: connected.
int await_connection(int socket, clock::time_point until) {
  auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
  pollfd what{socket, POLLOUT, 0};
  if (poll(&what, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return ETIMEDOUT;
  int error = 0;
  socklen_t size = sizeof(error);
  return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

int connect_to(const addrinfo& where, int socket, clock::time_point until) {
  if (connect(socket, where.ai_addr, where.ai_addrlen) == 0) return 0;
  return errno == EINPROGRESS ? await_connection(socket, until) : errno;
}

} // namespace

std::variant<int, std::string> dial_socket(const node_address& where, std::chrono::milliseconds at_most) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (auto no = getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &wanted, &found); no != 0)
    return std::string{gai_strerror(no)};
  address_list all{found, &freeaddrinfo};
  auto until = clock::now() + at_most;
  int error = EADDRNOTAVAIL;
  for (auto* x = all.get(); x != nullptr; x = x->ai_next) {
    auto socket = ::socket(x->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    error = socket < 0 ? errno : connect_to(*x, socket, until);
    if (socket >= 0 && error == 0) return socket;
    if (socket >= 0) ::close(socket);
  }
  return std::string{std::strerror(error)};
}

} // namespace weir
