#include "tests/support/cutting_proxy.hpp"

#include <stdexcept>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::test {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

bool write_all(int to, const char* data, ssize_t size) {
  while (size > 0) {
    auto n = ::send(to, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= n;
  }
  return true;
}

} // namespace

cutting_proxy::cutting_proxy(std::uint16_t server) : server_(server) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto at = loopback(0);
  socklen_t size = sizeof at;
  if (bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || listen(listener_, 16) != 0)
    throw std::runtime_error("the proxy cannot listen");
  getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
  port_ = ntohs(at.sin_port);
  thread_ = std::thread([this] { run(); });
}

cutting_proxy::~cutting_proxy() {
  stop_ = true;
  thread_.join();
  for (auto& x : pairs_) close_both(x);
  close(listener_);
}

void cutting_proxy::run() {
  while (!stop_) {
    std::vector<pollfd> waiting{{listener_, POLLIN, 0}};
    for (auto& x : pairs_) {
      waiting.push_back({x.client, POLLIN, 0});
      waiting.push_back({x.server, POLLIN, 0});
    }
    if (poll(waiting.data(), waiting.size(), 20) <= 0) continue;
    std::size_t i = 1;
    for (auto x = pairs_.begin(); x != pairs_.end(); i += 2) {
      bool good = waiting[i].revents == 0 || pass(*x, true);
      good = good && (waiting[i + 1].revents == 0 || pass(*x, false));
      if (!good) close_both(*x);
      x = good ? std::next(x) : pairs_.erase(x);
    }
    if (waiting[0].revents != 0) accept_one();
  }
}

void cutting_proxy::accept_one() {
  pair x;
  x.client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  x.server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto to = loopback(server_);
  int on = 1;
  for (auto fd : {x.client, x.server}) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (refuse_ || connect(x.server, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return close_both(x);
  pairs_.push_back(x);
}

/// Gives whether the connection goes on.
bool cutting_proxy::pass(pair& x, bool from_client) {
  char buffer[65'536];
  auto n = recv(from_client ? x.client : x.server, buffer, sizeof buffer, 0);
  if (n <= 0) return false;
  if ((from_client ? cut_request_ : cut_reply_).exchange(false)) return false;
  if (record_) {
    std::lock_guard guard{lock_};
    recorded_.append(buffer, static_cast<std::size_t>(n));
  }
  if (from_client && x.answered) ++round_trips_;
  x.answered = !from_client;
  return write_all(from_client ? x.server : x.client, buffer, n);
}

void cutting_proxy::close_both(pair& x) {
  if (x.client >= 0) close(x.client);
  if (x.server >= 0) close(x.server);
}

} // namespace weir::test
