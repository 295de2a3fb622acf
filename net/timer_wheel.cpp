#include "net/timer_wheel.hpp"

#include <algorithm>

namespace weir {

timer_wheel::timer_wheel(time_point now) : start_(now), slots_(slot_count) {
  for (auto& x : slots_) x.next_ = x.prev_ = &x;
}

void timer_wheel::schedule(timed& x, milliseconds delay) {
  x.unlink();
  auto ticks = std::max<std::int64_t>((delay + tick - milliseconds{1}) / tick, 0)
               + 1; // the current tick is already under way
  x.due_tick_ = now_tick_ + static_cast<std::uint64_t>(ticks);
  link(slots_[x.due_tick_ % slot_count], x);
}

void timer_wheel::advance(time_point now) {
  auto until = static_cast<std::uint64_t>(std::max<std::int64_t>((now - start_) / tick, 0));
  while (now_tick_ < until) {
    ++now_tick_;
    run_slot(slots_[now_tick_ % slot_count]);
  }
}

void timer_wheel::run_slot(timed& slot) {
  // The list is moved out first: what is called may come back into this slot.
  anchor batch;
  if (slot.next_ == &slot) return;
  batch.next_ = slot.next_;
  batch.prev_ = slot.prev_;
  batch.next_->prev_ = batch.prev_->next_ = &batch;
  slot.next_ = slot.prev_ = &slot;
  while (batch.next_ != &batch) {
    auto& x = *batch.next_;
    x.unlink();
    if (x.due_tick_ > now_tick_)
      link(slot, x); // a later round
    else
      x.on_time();
  }
}

void timer_wheel::link(timed& list, timed& x) noexcept {
  x.next_ = &list;
  x.prev_ = list.prev_;
  list.prev_->next_ = &x;
  list.prev_ = &x;
}

} // namespace weir
