// How clients of the pool connect, upgrade, are sent away, and come back.

#include "benchmarks/load/generator/clock.hpp"
#include "benchmarks/load/generator/pool.hpp"
#include "benchmarks/load/generator/upgrade.hpp"

#include <algorithm>
#include <utility>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace weir::bench {

namespace {

constexpr std::int64_t attempt_timeout_ns = 30 * ns_per_s;
constexpr std::int64_t after_failure_ns = 100 * ns_per_ms; // plus jitter
constexpr std::size_t longest_head = 16 * 1024;

bool in_attempt(const client& x) { return x.at > client::phase::waiting && x.at < client::phase::ready; }

} // namespace

void pool::connect(client& x, std::int64_t delay_ns) {
  if (x.at != client::phase::idle) return;
  x.at = client::phase::waiting;
  auto now = now_ns();
  x.first_try_ns = now + delay_ns;
  auto number = x.number;
  if (delay_ns > 0) return call_at(now + delay_ns, [this, number] { waiting_.push_back(number); });
  waiting_.push_back(number);
}

void pool::start_waiting() {
  while (!waiting_.empty() && in_progress_ < settings_.in_progress) {
    auto number = waiting_.front();
    waiting_.pop_front();
    if (clients_[number].at == client::phase::waiting) begin(clients_[number]);
  }
}

std::uint32_t pool::source_of(const client& x, const address& to) const {
  if (settings_.source_base == 0 || !to.is_loopback()) return 0;
  return settings_.source_base + x.number % settings_.sources;
}

void pool::begin(client& x) {
  auto& to = settings_.targets[x.target % settings_.targets.size()];
  ++figures_.attempts;
  ++in_progress_;
  x.at = client::phase::connecting;
  x.try_ns = now_ns();
  x.fd = begin_connect(to, source_of(x, to));
  if (x.fd < 0) {
    ++figures_.failed_attempts;
    return attempt_over(x, after_failure_ns);
  }
  x.wants_write = true;
  watch(x, EPOLL_CTL_ADD);
  auto number = x.number;
  auto began = x.try_ns;
  call_at(began + attempt_timeout_ns, [this, number, began] {
    auto& late = clients_[number];
    if (!in_attempt(late) || late.try_ns != began) return;
    ++figures_.failed_attempts;
    attempt_over(late, after_failure_ns);
  });
}

void pool::on_connected(client& x) {
  if (connect_error(x.fd) != 0) {
    ++figures_.failed_attempts;
    return attempt_over(x, after_failure_ns);
  }
  x.at = client::phase::upgrading;
  x.wants_write = false;
  watch(x, EPOLL_CTL_MOD);
  auto of = endpoint_of(x);
  auto& to = settings_.targets[x.target % settings_.targets.size()];
  send(x, upgrade_request(to.text, dialect_.path(of), dialect_.subprotocol()));
}

void pool::on_upgrade_bytes(client& x, std::string_view bytes) {
  x.carry.append(bytes);
  auto answer = read_upgrade_answer(x.carry);
  if (!answer && x.carry.size() < longest_head) return;
  if (!answer || answer->status != 101) {
    auto busy = answer && answer->status == 503;
    ++(busy ? figures_.refused_503 : figures_.failed_attempts);
    if (!busy) on_notice("http_" + std::to_string(answer ? answer->status : 0));
    return attempt_over(x, answer && answer->retry_after_s > 0 ? answer->retry_after_s * ns_per_s
                                                               : after_failure_ns);
  }
  x.at = client::phase::greeting;
  std::string rest = x.carry.substr(answer->head_bytes);
  x.carry = {};
  current_ = &x;
  dialect_.on_open(endpoint_of(x), x.was_ready ? std::string_view{x.session} : std::string_view{}, x.last_seq,
                   *this);
  if (!rest.empty()) take_bytes(x, rest);
}

void pool::on_ready() {
  auto& x = *current_;
  if (x.at != client::phase::greeting) return;
  auto now = now_ns();
  x.at = client::phase::ready;
  --in_progress_;
  ++ready_;
  figures_.handshake_ns.add(now - x.try_ns);
  figures_.wait_ns.add(now - x.first_try_ns);
  if (x.was_ready) ++figures_.reconnects;
  if (x.was_ready && x.recovered) ++figures_.recovered;
  x.was_ready = true;
  close_socket(x.old_fd);
  listener_.on_ready(x);
}

/// An attempt came to nothing: once more, later, at the next server.
void pool::attempt_over(client& x, std::int64_t again_in_ns) {
  --in_progress_;
  close_socket(x.fd);
  x.carry = {};
  x.pending = {};
  x.fragments.reset();
  x.out = {};
  x.wants_write = false;
  x.at = client::phase::waiting;
  ++x.target;
  again_in_ns += static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(again_in_ns / 4 + 1));
  auto number = x.number;
  call_at(now_ns() + again_in_ns, [this, number] { waiting_.push_back(number); });
}

void pool::close_socket(int& fd) {
  if (fd >= 0) close(std::exchange(fd, -1)); // epoll forgets it
}

void pool::cut(client& x) {
  if (in_attempt(x)) --in_progress_;
  if (x.at == client::phase::ready) --ready_;
  close_socket(x.fd);
  close_socket(x.old_fd);
  x.carry = {};
  x.pending = {};
  x.fragments.reset();
  x.out = {};
  x.wants_write = false;
  x.at = client::phase::idle;
}

/// The server, or the network, has ended the connection.
void pool::end(client& x) {
  if (in_attempt(x)) {
    ++figures_.failed_attempts;
    return attempt_over(x, after_failure_ns);
  }
  if (x.at != client::phase::ready) return;
  ++figures_.lost;
  cut(x);
  listener_.on_lost(x);
  if (!settings_.reconnect) return;
  ++x.target;
  auto jitter_ms =
      static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(settings_.reconnect_jitter_ms + 1));
  connect(x, jitter_ms * ns_per_ms);
}

void pool::on_drain(std::int64_t delay_ms) {
  ++figures_.drained;
  if (!settings_.reconnect) return;
  auto number = current_->number;
  auto fd = current_->fd;
  call_at(now_ns() + delay_ms * ns_per_ms, [this, number, fd] {
    auto& x = clients_[number];
    if (x.at == client::phase::ready && x.fd == fd) go_elsewhere(x);
  });
}

/// The old socket stays open, unread, until the session is attached elsewhere: what is still in it comes
/// again.
void pool::go_elsewhere(client& x) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, x.fd, nullptr);
  close_socket(x.old_fd);
  std::swap(x.old_fd, x.fd);
  auto old = std::exchange(x.old_fd, -1);
  cut(x);
  x.old_fd = old;
  ++x.target;
  connect(x);
}

} // namespace weir::bench
