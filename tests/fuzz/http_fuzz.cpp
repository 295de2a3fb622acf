// libFuzzer target for the whole HTTP and WebSocket front and for the admin calls: bytes go through real
// sockets into a real gateway and a real admin server of this process. Whatever comes, every connection ends,
// nothing throws, no actor is lost, and memory stays flat.
//
// Of an input the first byte says where it goes (see `place`), the second how it is cut.

#include "net/http/admin_door.hpp"
#include "net/http/metrics_text.hpp"
#include "tests/support/live_gateway.hpp"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/allocator_interface.h>
#define WEIR_COUNTS_MEMORY
#endif
#endif

using namespace weir;

namespace {

void require(bool holds, const char* what, std::string_view more = {}) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s: %.*s\n", what, static_cast<int>(more.size()), more.data());
  std::abort();
}

/// Lets no defect pass that was only logged.
class strict_sink : public spdlog::sinks::base_sink<std::mutex> {
  void sink_it_(const spdlog::details::log_msg& x) override {
    std::string_view text{x.payload.data(), x.payload.size()};
    for (auto* defect : {"a callback failed", "http.handler_failed", "http.not_answered", "metrics.failed"})
      require(text.find(defect) == std::string_view::npos, "a defect was logged", text);
  }
  void flush_() override {}
};

class client {
public:
  explicit client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    require(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) == 0, "the node accepts");
    int on = 1;
    timeval timeout{10, 0};
    linger hard{1, 0}; // ports are many, but not that many
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }
  ~client() { ::close(fd_); }

  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      auto n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  /// Says that nothing more comes; gives all that the node says until it closes.
  std::string finish() const {
    ::shutdown(fd_, SHUT_WR);
    std::string out;
    char buffer[16'384];
    for (;;) {
      auto n = ::recv(fd_, buffer, sizeof buffer, 0);
      require(n >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK), "a connection ends", out);
      if (n <= 0) return out;
      out.append(buffer, static_cast<std::size_t>(n));
    }
  }

private:
  int fd_;
};

limits small() {
  auto out = test::generous();
  out.namespaces = 4;
  out.log_bytes = out.outbound_bytes = 64 * 1024;
  out.log_events = out.dedupe_ids = out.sessions = 100;
  return out;
}

class node {
public:
  node() {
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("fuzz", std::make_shared<strict_sink>()));
    admin_door::config cfg;
    cfg.status = gateway_.status;
    cfg.host = gateway_.the_host;
    cfg.drain = [] {};
    cfg.metrics = std::make_shared<metrics_exporter>(gateway_.sys,
                                                     [this] { return metrics_text(gateway_.sys.metrics()); });
    admin_ = std::make_unique<admin_door>(gateway_.sys, gateway_.io.at(0), std::move(cfg));
    admin_->start();
    auto url = admin_->url();
    admin_port_ = static_cast<std::uint16_t>(std::atoi(url.c_str() + url.rfind(':') + 1));
  }

  std::uint16_t port(bool admin) const { return admin ? admin_port_ : gateway_.port(); }

  /// Everybody is still served.
  void check() const {
    expect(gateway_.port(), "/healthz");
    expect(admin_port_, "/readyz");
    expect(admin_port_, "/v1/admin/namespaces");
  }

private:
  static void expect(std::uint16_t port, const std::string& path) {
    client x{port};
    x.send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    auto got = x.finish();
    require(got.substr(0, 12) == "HTTP/1.1 200", "others are served", got);
  }

  test::live_gateway gateway_{small()};
  std::unique_ptr<admin_door> admin_;
  std::uint16_t admin_port_ = 0;
};

const std::string upgrade =
    "GET /v1/ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: weir.v1\r\n\r\n";

/// A text frame, masked with zeros.
std::string masked(std::string_view payload) {
  std::string out{'\x81'};
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else {
    out += static_cast<char>(0xfe);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  }
  return out + std::string(4, '\0') + std::string{payload};
}

const std::string hello = masked(R"({"op":"hello","namespace":"fuzz","client_id":"fuzz"})");

enum class place : std::uint8_t {
  clients = 0, ///< Bytes as they are.
  admin = 1,   ///< As above, at the admin address.
  frames = 2,  ///< Behind an upgrade and a hello.
  texts = 3,   ///< As above: what stands between NULs, each as the payload of a frame.
};

std::string bytes_of(place where, std::string_view input) {
  if (where == place::clients || where == place::admin) return std::string{input};
  auto out = upgrade + hello;
  if (where == place::frames) return out.append(input);
  while (!input.empty()) {
    auto end = input.find('\0');
    out += masked(input.substr(0, end));
    input = end == std::string_view::npos ? std::string_view{} : input.substr(end + 1);
  }
  return out;
}

void check_memory(std::uint64_t runs) {
#ifdef WEIR_COUNTS_MEMORY
  constexpr std::uint64_t warm_up = 4096, most_growth = 64 * 1024 * 1024;
  static std::uint64_t before = 0;
  if (runs < warm_up) return;
  auto now = static_cast<std::uint64_t>(__sanitizer_get_current_allocated_bytes());
  if (before == 0) before = now;
  require(now < before + most_growth, "memory stays flat",
          std::to_string(before) + " bytes became " + std::to_string(now));
#else
  static_cast<void>(runs);
#endif
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static auto* all = new node; // lives as long as the process
  static std::uint64_t runs = 0;
  if (size < 2) return 0;
  auto where = static_cast<place>(data[0] & 3);
  auto bytes = bytes_of(where, {reinterpret_cast<const char*>(data) + 2, size - 2});
  client x{all->port(where == place::admin)};
  std::size_t piece = data[1] == 0 || bytes.size() > 64UL * data[1] ? bytes.size() : data[1];
  for (std::size_t at = 0; at < bytes.size(); at += piece) x.send(std::string_view{bytes}.substr(at, piece));
  auto got = x.finish();
  require(got.empty() || got.substr(0, 9) == "HTTP/1.1 ", "an answer is HTTP", got);
  if (++runs % 64 == 0) all->check();
  if (runs % 1024 == 0) check_memory(runs);
  return 0;
}
