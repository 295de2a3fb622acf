#include "net/replay_gate.hpp"

namespace weir {

bool replay_gate::enter(replayer& x, const std::string& ns) {
  if (x.place_ == replayer::place::inside) return true;
  if (x.place_ == replayer::place::waiting) return false;
  if (active_ < places_) return take_place(x), true;
  append(x, ns);
  return false;
}

void replay_gate::leave(replayer& x) {
  if (x.place_ == replayer::place::waiting) return unlink(x);
  if (x.place_ == replayer::place::outside) return;
  x.place_ = replayer::place::outside;
  --active_;
  if (active_gauge_ != nullptr) active_gauge_->dec();
  if (waiting_ == 0 || active_ >= places_) return;
  auto& next = take_next();
  take_place(next);
  next.on_replay_turn();
}

void replay_gate::take_place(replayer& x) {
  x.place_ = replayer::place::inside;
  ++active_;
  if (active_gauge_ != nullptr) active_gauge_->inc();
}

/// The first one of the lane whose turn it is. That lane is the last one then.
replayer& replay_gate::take_next() {
  lanes_.splice(lanes_.end(), lanes_, lanes_.begin());
  auto& next = *lanes_.back().first;
  unlink(next);
  return next;
}

void replay_gate::append(replayer& x, const std::string& ns) {
  auto i = by_ns_.find(ns);
  if (i == by_ns_.end()) i = by_ns_.emplace(ns, lanes_.insert(lanes_.end(), lane{ns})).first;
  auto& to = *i->second;
  x.place_ = replayer::place::waiting;
  x.lane_ = ns;
  x.prev_ = to.last;
  (to.last == nullptr ? to.first : to.last->next_) = &x;
  to.last = &x;
  ++waiting_;
  if (waiting_gauge_ != nullptr) waiting_gauge_->inc();
}

void replay_gate::unlink(replayer& x) {
  auto i = by_ns_.find(x.lane_);
  auto& from = *i->second;
  (x.prev_ == nullptr ? from.first : x.prev_->next_) = x.next_;
  (x.next_ == nullptr ? from.last : x.next_->prev_) = x.prev_;
  x.next_ = x.prev_ = nullptr;
  x.place_ = replayer::place::outside;
  if (from.first == nullptr) {
    lanes_.erase(i->second);
    by_ns_.erase(i);
  }
  --waiting_;
  if (waiting_gauge_ != nullptr) waiting_gauge_->dec();
}

} // namespace weir
