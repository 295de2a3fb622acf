#include "actors/namespace/event_log.hpp"

#include "actors/messages/log_filter.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace weir {

void event_log::append(delivery what) {
  head_ = what.what->seq;
  bytes_ += cost(what);
  types_.add(what.what->type, head_);
  events_.push_back(std::move(what));
  while (events_.size() > limits_.events || bytes_ > limits_.bytes) drop_oldest();
}

void event_log::drop_before(std::uint64_t seq) {
  while (!events_.empty() && first_kept() < seq) drop_oldest();
}

void event_log::shrink(std::uint64_t bytes) {
  while (!events_.empty() && bytes_ > bytes) drop_oldest();
  if (events_.empty()) events_ = {}; // a queue keeps its first block
}

bool event_log::covers(const log_request& what, std::uint64_t oldest) const noexcept {
  return first_kept() <= oldest || (what.before_seq == 0 && what.after_seq + 1 >= first_kept());
}

/// The seqs of events that a read has to look at, from one end: those of the types it asks for, or all.
class event_log::candidates {
public:
  candidates(const event_log& log, const log_request& what)
    : all_first_(log.first_kept()), all_end_(log.head_ + 1) {
    auto found = log.types_.find(what.patterns, max_read_types);
    if (!(all_ = !found)) types_ = std::move(*found);
  }

  void skip_to(std::uint64_t first) {
    all_first_ = std::max(all_first_, first);
    for (auto& x : types_) x = {std::lower_bound(x.begin(), x.end(), first), x.end()};
  }

  void end_before(std::uint64_t end) {
    all_end_ = std::min(all_end_, end);
    for (auto& x : types_) x = {x.begin(), std::lower_bound(x.begin(), x.end(), end)};
  }

  /// Takes the lowest one; 0 when there is none.
  std::uint64_t pop_front() {
    if (all_) return all_first_ < all_end_ ? all_first_++ : 0;
    auto* best = pick([](auto& x, auto& y) { return x.front() < y.front(); });
    if (best == nullptr) return 0;
    auto out = best->front();
    *best = best->subspan(1);
    return out;
  }

  /// Takes the highest one; 0 when there is none.
  std::uint64_t pop_back() {
    if (all_) return all_first_ < all_end_ ? --all_end_ : 0;
    auto* best = pick([](auto& x, auto& y) { return x.back() > y.back(); });
    if (best == nullptr) return 0;
    auto out = best->back();
    *best = best->first(best->size() - 1);
    return out;
  }

private:
  using places = std::span<const std::uint64_t>;

  template <class Before>
  places* pick(Before before) {
    places* best = nullptr;
    for (auto& x : types_)
      if (!x.empty() && (best == nullptr || before(x, *best))) best = &x;
    return best;
  }

  bool all_ = false;
  std::uint64_t all_first_;
  std::uint64_t all_end_;
  std::vector<places> types_; // a few
};

log_slice event_log::read(const log_request& what) const {
  candidates from{*this, what};
  auto out = what.before_seq > 0 ? read_backward(what, std::move(from)) : read_forward(what, std::move(from));
  out.first_kept = first_kept();
  out.head = head_;
  return out;
}

log_slice event_log::read_forward(const log_request& what, candidates from) const {
  log_slice out;
  out.read_to = std::max(what.after_seq, first_kept() - 1);
  from.skip_to(std::min(what.after_seq, head_) + 1);
  for (std::uint64_t bytes = 0;
       out.deliveries.size() < what.limit && !what.has_enough(bytes, max_read_bytes);) {
    auto seq = from.pop_front();
    if (seq == 0) {
      out.read_to = std::max(out.read_to, head_);
      break;
    }
    auto& next = *at(seq);
    if (!wanted(what, next.what->type, next.what->to)) continue;
    out.deliveries.push_back(next);
    bytes += next.what->size_bytes();
    out.read_to = seq;
  }
  return out;
}

log_slice event_log::read_backward(const log_request& what, candidates from) const {
  log_slice out;
  auto end = std::min(what.before_seq, head_ + 1);
  from.end_before(end);
  while (out.deliveries.size() < what.limit) {
    auto seq = from.pop_back();
    if (seq == 0) break;
    auto& next = *at(seq);
    if (wanted(what, next.what->type, next.what->to)) out.deliveries.push_back(next);
  }
  std::reverse(out.deliveries.begin(), out.deliveries.end());
  out.read_to = end - 1;
  return out;
}

const delivery* event_log::at(std::uint64_t seq) const noexcept {
  if (seq < first_kept() || seq > head_) return nullptr;
  return &events_[seq - first_kept()];
}

void event_log::drop_oldest() {
  bytes_ -= cost(events_.front());
  types_.drop_oldest(events_.front().what->type);
  events_.pop_front();
  ++trimmed_;
}

std::uint64_t event_log::cost(const delivery& x) noexcept {
  return x.what->size_bytes() + (x.frame ? x.frame->size() : 0);
}

} // namespace weir
