#include "actors/namespace/receipt_book.hpp"

#include <algorithm>

namespace weir {

void receipt_book::add(entry x) {
  while (!entries_.empty() && x.added_ms - entries_.front().added_ms >= max_age_ms) forget_oldest();
  if (entries_.size() >= max_events_) {
    forget_oldest();
    ++forgotten_;
  }
  if (by_id_.count(x.event_id) > 0) return; // an ephemeral event sent twice
  entries_.push_back(std::move(x));
  by_id_[entries_.back().event_id] = std::prev(entries_.end());
}

void receipt_book::set_seq(const std::string& event_id, std::uint64_t seq) {
  if (auto i = by_id_.find(event_id); i != by_id_.end()) i->second->seq = seq;
}

void receipt_book::count(const std::string& event_id, receipt_kind kind, const std::string& client_id,
                         std::int64_t now_ms) {
  auto i = by_id_.find(event_id);
  if (i == by_id_.end() || i->second->kind != kind) return;
  auto& to = i->second->to;
  if (to.empty() || to == client_id) count(*i->second, client_id, now_ms); // nobody else can have had it
}

void receipt_book::count(entry& x, const std::string& client_id, std::int64_t now_ms) {
  ++x.count;
  if (x.by.size() < max_by) x.by.push_back(client_id);
  if (x.tell_ms > 0) return;
  x.tell_ms = now_ms + tell_every_ms;
  due_.push_back(&x);
}

std::vector<receipt_book::entry> receipt_book::take_due(std::int64_t now_ms) {
  std::vector<entry> out;
  while (!due_.empty() && due_.front()->tell_ms <= now_ms) {
    due_.front()->tell_ms = 0;
    out.push_back(*due_.front());
    due_.pop_front();
  }
  return out;
}

void receipt_book::forget_oldest() {
  auto& x = entries_.front();
  if (x.tell_ms > 0) due_.erase(std::find(due_.begin(), due_.end(), &x));
  by_id_.erase(x.event_id);
  entries_.pop_front();
}

} // namespace weir
