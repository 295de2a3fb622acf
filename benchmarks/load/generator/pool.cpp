#include "benchmarks/load/generator/pool.hpp"

#include "benchmarks/load/generator/clock.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace weir::bench {

namespace {

constexpr std::size_t read_bytes = 256 * 1024;
constexpr int sockets_at_once = 64; // between two looks at what is due
constexpr std::uint64_t timer_tag = ~std::uint64_t{0};

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

} // namespace

void raise_descriptor_limit() {
  rlimit most{};
  getrlimit(RLIMIT_NOFILE, &most);
  most.rlim_cur = most.rlim_max;
  setrlimit(RLIMIT_NOFILE, &most);
}

pool::pool(pool_settings settings, const dialect& speaks, pool_listener& listener)
  : settings_(std::move(settings)), dialect_(speaks), listener_(listener),
    epoll_(epoll_create1(EPOLL_CLOEXEC)),
    timer_fd_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)), buffer_(read_bytes) {
  if (epoll_ < 0 || timer_fd_ < 0) fail("epoll");
  epoll_event what{EPOLLIN, {.u64 = timer_tag}};
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, timer_fd_, &what) != 0) fail("epoll_ctl");
}

pool::~pool() {
  for (auto& x : clients_) cut(x);
  close(timer_fd_);
  close(epoll_);
}

client& pool::add() {
  auto& x = clients_.emplace_back();
  x.number = static_cast<std::uint32_t>(clients_.size() - 1);
  return x;
}

endpoint pool::endpoint_of(const client& x) const {
  return {settings_.namespaces[x.ns], settings_.id_prefix, x.number, x.group, x.subscribes, x.publishes};
}

void pool::call_at(std::int64_t at_ns, std::function<void()> what) {
  timers_.push({at_ns, ++timers_made_, std::move(what)});
}

bool pool::run_timers(std::int64_t now) {
  auto any = false;
  for (; !timers_.empty() && timers_.top().at_ns <= now; any = true) {
    auto what = std::move(const_cast<timer&>(timers_.top()).what);
    timers_.pop();
    what();
  }
  return any;
}

void pool::turn(std::int64_t until_ns) {
  start_waiting();
  if (!timers_.empty()) until_ns = std::min(until_ns, timers_.top().at_ns);
  epoll_event happened[sockets_at_once];
  auto no_wait = wait(until_ns) == 0;
  auto count = epoll_wait(epoll_, happened, sockets_at_once, no_wait ? 0 : -1);
  if (count < 0 && errno != EINTR) fail("epoll_wait");
  for (int i = 0; i < count; ++i) {
    if (happened[i].data.u64 == timer_tag) {
      std::uint64_t expirations = 0;
      [[maybe_unused]] auto n = ::read(timer_fd_, &expirations, sizeof expirations);
      timer_set_ns_ = 0;
      continue;
    }
    auto number = static_cast<std::uint32_t>(happened[i].data.u64);
    auto fd = static_cast<int>(happened[i].data.u64 >> 32);
    if (clients_[number].fd == fd) on_socket(clients_[number], happened[i].events);
  }
  run_timers(now_ns());
}

/// Sets the timer that ends the wait: finer than epoll's own timeout, which is in milliseconds. Gives 0 where
/// there is nothing to wait for.
std::int64_t pool::wait(std::int64_t until_ns) {
  if (until_ns <= now_ns()) return 0;
  if (std::exchange(timer_set_ns_, until_ns) == until_ns) return until_ns;
  itimerspec at{};
  at.it_value.tv_sec = until_ns / ns_per_s;
  at.it_value.tv_nsec = until_ns % ns_per_s;
  if (timerfd_settime(timer_fd_, TFD_TIMER_ABSTIME, &at, nullptr) != 0) fail("timerfd");
  return until_ns;
}

// -- the dialect's view

void pool::send(ws_op op, std::string_view payload) {
  frame_.clear();
  append_frame(frame_, op, payload);
  send(*current_, frame_);
}

void pool::on_session(std::string_view token, bool recovered) {
  current_->recovered = recovered;
  if (settings_.reconnect) current_->session.assign(token); // the only use of it
}

void pool::on_position(std::uint64_t seq) { current_->last_seq = std::max(current_->last_seq, seq); }

void pool::on_delivery(std::string_view body, std::uint64_t seq) {
  listener_.on_delivery(*current_, body, seq, read_ns_);
}

void pool::on_accepted(const event_name& what) { listener_.on_accepted(*current_, what); }

void pool::on_refused(const event_name& what, int code, std::string_view reason) {
  listener_.on_refused(*current_, what, code, reason);
}

void pool::on_notice(std::string_view name) {
  auto there = figures_.notices.find(name);
  if (there == figures_.notices.end()) there = figures_.notices.emplace(std::string{name}, 0).first;
  ++there->second;
}

} // namespace weir::bench
