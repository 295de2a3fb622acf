#include "benchmarks/load/generator/address.hpp"

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

void bind_source(int fd, std::uint32_t source) {
  int on = 1;
  // The port is chosen at the connect, when the whole pair of addresses is known: 28,000 for each source.
  setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  sockaddr_in from{};
  from.sin_family = AF_INET;
  from.sin_addr.s_addr = htonl(source);
  if (bind(fd, reinterpret_cast<sockaddr*>(&from), sizeof from) != 0) fail("bind to the source address");
}

} // namespace

address address::parse(const std::string& url) {
  address out;
  auto scheme = url.find("://");
  if (scheme != std::string::npos && !url.starts_with("ws://") && !url.starts_with("http://"))
    throw std::invalid_argument("target " + url + ": only ws:// and http:// are spoken");
  auto begin = scheme == std::string::npos ? 0 : scheme + 3;
  out.text = url.substr(begin, url.find('/', begin) - begin);
  auto colon = out.text.rfind(':');
  if (colon == std::string::npos) throw std::invalid_argument("no port in the target " + url);
  auto host = out.text.substr(0, colon), port = out.text.substr(colon + 1);
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = AF_INET;
  hints.ai_socktype = SOCK_STREAM;
  if (auto error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0)
    throw std::invalid_argument("target " + url + ": " + gai_strerror(error));
  out.ip = *reinterpret_cast<sockaddr_in*>(found->ai_addr);
  freeaddrinfo(found);
  return out;
}

int begin_connect(const address& to, std::uint32_t source) {
  auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail("socket");
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (source != 0) bind_source(fd, source);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&to.ip), sizeof to.ip) == 0 || errno == EINPROGRESS)
    return fd;
  close(fd);
  return -1;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

} // namespace weir::bench
