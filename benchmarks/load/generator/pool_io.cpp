// What the pool reads from and writes to its sockets.

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/pool.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>

namespace weir::bench {

namespace {

constexpr std::size_t most_waiting = 256 * 1024 * 1024; // for one socket

} // namespace

void pool::watch(client& x, int how) {
  epoll_event what{};
  what.events = (x.stopped_reading ? 0U : EPOLLIN) | (x.wants_write ? EPOLLOUT : 0U);
  what.data.u64 = static_cast<std::uint64_t>(x.fd) << 32 | x.number;
  if (epoll_ctl(epoll_, how, x.fd, &what) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

void pool::set_reading(client& x, bool on) {
  if (std::exchange(x.stopped_reading, !on) == !on || x.fd < 0) return;
  watch(x, EPOLL_CTL_MOD);
}

void pool::on_socket(client& x, std::uint32_t events) {
  auto fd = x.fd;
  if (x.at == client::phase::connecting) return on_connected(x);
  if ((events & EPOLLOUT) != 0) flush(x);
  if (x.fd != fd) return;
  if ((events & EPOLLIN) != 0) return read(x);
  if ((events & (EPOLLERR | EPOLLHUP)) != 0) end(x);
}

void pool::read(client& x) {
  auto n = recv(x.fd, buffer_.data(), buffer_.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) return end(x);
  read_ns_ = now_ns();
  std::string_view bytes{buffer_.data(), static_cast<std::size_t>(n)};
  if (x.at == client::phase::upgrading)
    on_upgrade_bytes(x, bytes);
  else
    take_bytes(x, bytes);
}

void pool::read_one_frame(client& x) {
  if (x.at != client::phase::ready) return;
  ws_frame frame;
  std::size_t size = 0;
  auto n = recv(x.fd, buffer_.data(), buffer_.size(), MSG_PEEK);
  if (n == 0 || (n < 0 && errno != EAGAIN)) return end(x);
  if (n < 0) return;
  std::string_view bytes{buffer_.data(), static_cast<std::size_t>(n)};
  if (parse_frame(bytes, frame, size) != frame_state::whole) return;
  n = recv(x.fd, buffer_.data(), size, 0);
  read_ns_ = now_ns();
  if (n > 0) take_bytes(x, {buffer_.data(), static_cast<std::size_t>(n)});
}

void pool::take_bytes(client& x, std::string_view bytes) {
  current_ = &x;
  auto fd = x.fd;
  auto good =
      take_frames(x.carry, bytes, [&](const ws_frame& frame) { return take_frame(x, frame) && x.fd == fd; });
  if (good) return;
  on_notice("broken_frames");
  end(x);
}

/// Gives false when the connection is over.
bool pool::take_frame(client& x, const ws_frame& frame) {
  switch (frame.op) {
  case ws_op::text:
  case ws_op::binary:
    if (frame.last) {
      take_message(x, frame.payload);
      return true;
    }
    x.fragments = std::make_unique<std::string>(frame.payload);
    return true;
  case ws_op::more:
    if (!x.fragments) return true;
    x.fragments->append(frame.payload);
    if (auto whole = std::move(x.fragments); frame.last)
      take_message(x, *whole);
    else
      x.fragments = std::move(whole);
    return true;
  case ws_op::ping:
    send(ws_op::pong, frame.payload);
    return true;
  case ws_op::pong:
    return true;
  case ws_op::close:
    break;
  }
  if (frame.payload.size() >= 2) {
    auto high = static_cast<unsigned char>(frame.payload[0]),
         low = static_cast<unsigned char>(frame.payload[1]);
    on_notice("close_" + std::to_string(high << 8 | low));
  }
  end(x);
  return false;
}

void pool::take_message(client& x, std::string_view payload) {
  dialect_.on_message(endpoint_of(x), payload, x.pending, *this);
}

void pool::send(client& x, std::string_view frames) {
  if (x.fd < 0) return;
  if (x.out.empty()) {
    auto n = ::send(x.fd, frames.data(), frames.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return; // the read says what it is
    if (n > 0) frames.remove_prefix(static_cast<std::size_t>(n));
    if (frames.empty()) return;
  }
  if (x.out.size() + frames.size() > most_waiting)
    throw std::runtime_error("a server does not read what is published to it");
  x.out.append(frames);
  if (!std::exchange(x.wants_write, true)) watch(x, EPOLL_CTL_MOD);
}

void pool::flush(client& x) {
  if (!x.out.empty()) {
    auto n = ::send(x.fd, x.out.data(), x.out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return end(x);
    if (n > 0) x.out.erase(0, static_cast<std::size_t>(n));
  }
  if (!x.out.empty()) return;
  x.out = {};
  x.wants_write = false;
  watch(x, EPOLL_CTL_MOD);
}

} // namespace weir::bench
