#pragma once

#include "actors/messages/namespace.hpp"
#include "actors/namespace/type_index.hpp"

#include <cstdint>
#include <deque>

namespace weir {

/// The newest events of a namespace, in memory and in order. Bounded by count and bytes; overflow policy:
/// the oldest is trimmed, and readers are told by `first_kept`. How old they may be `retention` decides.
class event_log {
public:
  struct bounds {
    std::uint64_t events = 10'000;
    std::uint64_t bytes = 16 * 1024 * 1024;
  };

  /// A reader of more types than this looks at all events, which then are mostly its own.
  static constexpr std::size_t max_read_types = 64;

  /// A read that has found so much ends there.
  static constexpr std::uint64_t max_read_bytes = 1024 * 1024;

  explicit event_log(bounds limits) : limits_(limits) {}

  /// Goes on after `head`, with nothing kept yet. Only before the first `append`.
  void begin_after(std::uint64_t head) noexcept { head_ = head; }

  /// Appends the event with `seq == head() + 1`, then trims.
  void append(delivery what);

  /// Trims what is before `seq`.
  void drop_before(std::uint64_t seq);

  /// Trims the oldest events until no more than `bytes` are left.
  void shrink(std::uint64_t bytes);

  /// Whether all that the request can want of `(oldest, head()]` is in memory.
  bool covers(const log_request& what, std::uint64_t oldest) const noexcept;

  /// Reads as the request says. A forward read stops at the limit or when it
  /// has `max_read_bytes`; a backward one gives the newest, in order.
  log_slice read(const log_request& what) const;

  /// The event with this seq, or null when it is trimmed or yet to come.
  const delivery* at(std::uint64_t seq) const noexcept;

  std::uint64_t head() const noexcept { return head_; }
  std::uint64_t first_kept() const noexcept { return head_ + 1 - events_.size(); }
  std::size_t size() const noexcept { return events_.size(); }
  std::uint64_t bytes() const noexcept { return bytes_; }

  /// About what it takes of memory beside the `bytes` of its events.
  std::uint64_t overhead_bytes() const noexcept { return events_.size() * event_overhead; }
  std::uint64_t trimmed() const noexcept { return trimmed_; }

private:
  /// The event's object and its count, a place in the queue and in the index, and what the allocator adds.
  static constexpr std::uint64_t event_overhead = 320;

  class candidates;

  log_slice read_forward(const log_request& what, candidates from) const;
  log_slice read_backward(const log_request& what, candidates from) const;
  void drop_oldest();
  static std::uint64_t cost(const delivery& x) noexcept;

  bounds limits_;
  std::deque<delivery> events_;
  type_index types_; // of `events_`
  std::uint64_t head_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t trimmed_ = 0;
};

} // namespace weir
