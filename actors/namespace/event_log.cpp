#include "actors/namespace/event_log.hpp"

#include "actors/namespace/log_filter.hpp"

#include <algorithm>

namespace weir {

void event_log::append(delivery what) {
  head_ = what.what->seq;
  bytes_ += cost(what);
  auto now_ms = what.what->ts_ms;
  events_.push_back(std::move(what));
  while (events_.size() > limits_.events || bytes_ > limits_.bytes) drop_oldest();
  trim(now_ms);
}

void event_log::trim(std::int64_t now_ms) {
  while (!events_.empty()
         && now_ms - events_.front().what->ts_ms >= static_cast<std::int64_t>(limits_.age_ms))
    drop_oldest();
}

bool event_log::covers(const log_request& what, std::uint64_t oldest) const noexcept {
  return first_kept() <= oldest || (what.before_seq == 0 && what.after_seq + 1 >= first_kept());
}

log_slice event_log::read(const log_request& what) const {
  log_slice out;
  out.first_kept = first_kept();
  out.head = head_;
  if (what.before_seq > 0) {
    auto end = std::min(what.before_seq, head_ + 1);
    for (auto seq = end; seq-- > out.first_kept && out.deliveries.size() < what.limit;)
      if (wanted(what, at(seq)->what->type, at(seq)->what->to)) out.deliveries.push_back(*at(seq));
    std::reverse(out.deliveries.begin(), out.deliveries.end());
    out.read_to = end - 1;
    return out;
  }
  out.read_to = std::max(what.after_seq, out.first_kept - 1);
  while (out.read_to < head_ && out.deliveries.size() < what.limit) {
    auto& next = *at(++out.read_to);
    if (wanted(what, next.what->type, next.what->to)) out.deliveries.push_back(next);
  }
  return out;
}

const delivery* event_log::at(std::uint64_t seq) const noexcept {
  if (seq < first_kept() || seq > head_) return nullptr;
  return &events_[seq - first_kept()];
}

void event_log::drop_oldest() {
  bytes_ -= cost(events_.front());
  events_.pop_front();
  ++trimmed_;
}

std::uint64_t event_log::cost(const delivery& x) noexcept {
  return x.what->size_bytes() + (x.frame ? x.frame->size() : 0);
}

} // namespace weir
