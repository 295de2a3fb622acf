#include "benchmarks/load/raw_ws.hpp"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {

namespace {

constexpr std::size_t buffer_bytes = 1024 * 1024; // above the largest frame of these benchmarks

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string{what} + ": " + std::strerror(errno));
}

void await_readable(int fd, int timeout_ms) {
  pollfd waiting{fd, POLLIN, 0};
  if (poll(&waiting, 1, timeout_ms) <= 0) throw std::runtime_error("nothing came in time");
}

std::string upgrade_request(std::uint16_t port) {
  return "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port)
         + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: weir.v1\r\n\r\n";
}

} // namespace

raw_ws::raw_ws(std::uint16_t port)
  : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(buffer_bytes, '\0') {
  if (fd_ < 0) fail("socket");
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) fail("connect");
  send(upgrade_request(port));
  std::size_t head = std::string::npos;
  while (head == std::string::npos) {
    await_readable(fd_, 20'000);
    fill();
    head = std::string_view{buffer_.data(), end_}.find("\r\n\r\n");
  }
  if (buffer_.compare(0, 12, "HTTP/1.1 101") != 0)
    throw std::runtime_error("no upgrade: " + buffer_.substr(0, head));
  at_ = head + 4;
}

raw_ws::raw_ws(raw_ws&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)), at_(other.at_), end_(other.end_) {}

raw_ws::~raw_ws() {
  if (fd_ >= 0) close(fd_);
}

void raw_ws::send(std::string_view frames) {
  while (!frames.empty()) {
    auto n = ::send(fd_, frames.data(), frames.size(), MSG_NOSIGNAL);
    if (n < 0) fail("send");
    frames.remove_prefix(static_cast<std::size_t>(n));
  }
}

bool raw_ws::fill() {
  std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
  end_ -= std::exchange(at_, 0);
  auto n = recv(fd_, buffer_.data() + end_, buffer_.size() - end_, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return false;
  if (n < 0) fail("recv");
  if (n == 0) throw std::runtime_error("the node hung up");
  end_ += static_cast<std::size_t>(n);
  return true;
}

std::optional<std::string_view> raw_ws::next() {
  for (;;) {
    auto left = std::string_view{buffer_}.substr(at_, end_ - at_);
    auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(left[i])); };
    if (left.size() < 2) return std::nullopt;
    std::size_t header = byte(1) == 127 ? 10 : byte(1) == 126 ? 4 : 2;
    if (left.size() < header) return std::nullopt;
    auto size = header == 2 ? byte(1) : 0;
    for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
    if (left.size() < header + size) return std::nullopt;
    at_ += header + size;
    auto op = byte(0) & 0x0f;
    if (op == 1) return left.substr(header, size);
    if (op == 8) throw std::runtime_error("closed: " + std::string{left.substr(header + 2, size - 2)});
    if (op == 9) send(std::string_view{"\x8a\x80\0\0\0\0", 6}); // the node's pings are empty
  }
}

std::string raw_ws::await(std::string_view part, int timeout_ms) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{timeout_ms};
  while (std::chrono::steady_clock::now() < deadline) {
    while (auto text = next())
      if (text->find(part) != std::string_view::npos) return std::string{*text};
    await_readable(fd_, timeout_ms);
    fill();
  }
  throw std::runtime_error("no " + std::string{part} + " in time");
}

std::string raw_ws::hello(std::string_view client_id, std::string_view more_fields) {
  auto text = R"({"op":"hello","namespace":"demo","client_id":")" + std::string{client_id} + '"';
  text += more_fields;
  send(make_frame(text + '}'));
  return await(R"("op":"welcome")");
}

std::size_t text_offset(std::size_t text_bytes) { return text_bytes < 126 ? 6 : 8; }

std::string make_frame(std::string_view text) {
  std::string out = "\x81";
  if (text.size() < 126) {
    out += static_cast<char>(0x80 | text.size());
  } else {
    out += static_cast<char>(0x80 | 126);
    out += static_cast<char>(text.size() >> 8 & 0xff);
    out += static_cast<char>(text.size() & 0xff);
  }
  out.append(4, '\0');
  return out += text;
}

} // namespace weir::bench
