#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weir {

/// Holds events whose predecessor has not been accepted yet. Bounded by count, by bytes and by time; overflow
/// policy: the newcomer is refused (`hold` gives false). What to do with one whose time is over is the
/// caller's.
/// @tparam T what is held: the event and whom to answer.
template <class T>
class causal_buffer {
public:
  /// @param max_events at least 1.
  /// @param max_bytes of what is held; one fits always.
  /// @param wait_ms how long an event waits for its predecessor.
  causal_buffer(std::uint64_t max_events, std::uint64_t max_bytes, std::uint64_t wait_ms)
    : max_events_(max_events), max_bytes_(max_bytes), wait_ms_(static_cast<std::int64_t>(wait_ms)) {}

  /// Holds `what` until `predecessor` is released or its time is over. False: the buffer is full.
  /// @param bytes what it takes.
  bool hold(std::string predecessor, T what, std::uint64_t bytes, std::int64_t now_ms) {
    if (by_age_.size() >= max_events_ || (bytes_ + bytes > max_bytes_ && !by_age_.empty())) return false;
    bytes_ += bytes;
    auto& waiting = by_predecessor_[predecessor];
    by_age_.push_back({std::move(predecessor), std::move(what), now_ms + wait_ms_, bytes, {}});
    auto last = std::prev(by_age_.end());
    waiting.push_back(last);
    last->place = std::prev(waiting.end());
    return true;
  }

  /// The predecessor has been accepted: gives those that waited for it, in the order in which they came.
  std::vector<T> release(std::string_view predecessor) {
    std::vector<T> out;
    auto i = by_predecessor_.find(std::string{predecessor});
    if (i == by_predecessor_.end()) return out;
    for (auto& item : i->second) {
      out.push_back(std::move(item->what));
      bytes_ -= item->bytes;
      by_age_.erase(item);
    }
    by_predecessor_.erase(i);
    return out;
  }

  /// The next one whose time is over at `now_ms`, oldest first; false when there is none. One at a time: what
  /// the caller does with it may release others.
  bool expire(std::int64_t now_ms, T& out) {
    if (by_age_.empty() || by_age_.front().deadline_ms > now_ms) return false;
    auto& oldest = by_age_.front();
    auto i = by_predecessor_.find(oldest.predecessor);
    i->second.erase(oldest.place);
    if (i->second.empty()) by_predecessor_.erase(i);
    out = std::move(oldest.what);
    bytes_ -= oldest.bytes;
    by_age_.pop_front();
    return true;
  }

  /// When the next one's time is over; 0 when nothing waits.
  std::int64_t next_deadline_ms() const noexcept { return by_age_.empty() ? 0 : by_age_.front().deadline_ms; }

  std::size_t size() const noexcept { return by_age_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }
  std::uint64_t limit() const noexcept { return max_events_; }

private:
  struct item {
    std::string predecessor;
    T what;
    std::int64_t deadline_ms;
    std::uint64_t bytes;
    typename std::list<typename std::list<item>::iterator>::iterator place;
  };

  std::uint64_t max_events_;
  std::uint64_t max_bytes_;
  std::int64_t wait_ms_;
  std::uint64_t bytes_ = 0;
  std::list<item> by_age_; // every one waits equally long, so the order of arrival is that of the deadlines
  std::unordered_map<std::string, std::list<typename std::list<item>::iterator>> by_predecessor_;
};

} // namespace weir
