#include "actors/cluster/links/dial_socket.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace weir;
using namespace std::chrono_literals;

namespace {

/// A socket of loopback that nobody accepts from.
class listener {
public:
  explicit listener(int backlog) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(where);
    REQUIRE(bind(socket_, reinterpret_cast<sockaddr*>(&where), size) == 0);
    REQUIRE(getsockname(socket_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    if (backlog >= 0) REQUIRE(listen(socket_, backlog) == 0);
    address_ = {"127.0.0.1", ntohs(where.sin_port)};
  }
  ~listener() { close(socket_); }

  const node_address& address() const { return address_; }

private:
  int socket_ = socket(AF_INET, SOCK_STREAM, 0);
  node_address address_;
};

} // namespace

TEST_CASE("a node that listens is connected to, over a socket that does not block") {
  listener there{4};
  auto got = dial_socket(there.address(), 10s);
  REQUIRE(std::holds_alternative<int>(got));
  CHECK((fcntl(std::get<int>(got), F_GETFL) & O_NONBLOCK) != 0);
  close(std::get<int>(got));
}

TEST_CASE("who does not listen, or has no address, is said in words") {
  listener there{-1}; // has a port and does not listen
  CHECK(std::get<std::string>(dial_socket(there.address(), 10s)) == "Connection refused");
  CHECK(std::get<std::string>(dial_socket({"no such host", 1}, 10s)) != "");
}

TEST_CASE("where packets are swallowed nobody waits for longer than was said") {
  listener there{0};
  std::vector<int> others; // in its queue, so that the kernel drops what comes on top
  std::variant<int, std::string> got;
  for (int i = 0; i < 8; ++i) {
    got = dial_socket(there.address(), 100ms);
    if (std::holds_alternative<std::string>(got)) break;
    others.push_back(std::get<int>(got));
  }
  REQUIRE(std::holds_alternative<std::string>(got));
  CHECK(std::get<std::string>(got) == "Connection timed out");
  for (auto x : others) close(x);
}
