#include "actors/agents/agent_timers.hpp"

#include <chrono>
#include <stdexcept>
#include <utility>

namespace weir {

agent_timers::~agent_timers() {
  *alive_ = false;
  for (auto& [number, x] : timers_) x.next.dispose();
}

std::uint64_t agent_timers::start(std::int64_t ms, bool again, std::uint32_t hops,
                                  std::function<void(task)> what) {
  if (ms < (again ? 1 : 0)) throw std::invalid_argument("a timer of " + std::to_string(ms) + " ms");
  if (timers_.size() >= agent_context::max_timers) throw std::length_error("too many timers for one agent");
  auto number = ++last_number_;
  auto& x = timers_[number];
  x.ms = ms;
  x.again = again;
  x.hops = hops;
  x.what = std::make_shared<const std::function<void(task)>>(std::move(what));
  wait(number, x);
  return number;
}

void agent_timers::cancel(std::uint64_t number) {
  if (auto node = timers_.extract(number); !node.empty()) node.mapped().next.dispose();
}

void agent_timers::wait(std::uint64_t number, timer& x) {
  x.next = self_->run_delayed(std::chrono::milliseconds{x.ms}, [this, alive = alive_, number] {
    if (*alive) fire(number);
  });
}

void agent_timers::fire(std::uint64_t number) {
  auto i = timers_.find(number);
  if (i == timers_.end()) return;
  auto what = i->second.what;
  if (!i->second.in_hand.expired()) {
    on_skip_();
    return wait(number, i->second);
  }
  auto job = make_(number, i->second.hops);
  if (i->second.again) {
    i->second.in_hand = job;
    wait(number, i->second);
  } else {
    timers_.erase(i);
  }
  run_(job, *what);
}

} // namespace weir
