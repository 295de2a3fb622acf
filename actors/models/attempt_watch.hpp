#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace weir {

/// The time limits of one attempt, milliseconds. 0: no such limit.
struct attempt_limits {
  std::int64_t total_ms = 0;
  std::int64_t first_piece_ms = 0; ///< Until the first piece.
  std::int64_t stall_ms = 0;       ///< Between two pieces, and from the last one to the end.
};

/// Says when an attempt has taken too long, and in what way. Plain: time comes from outside.
class attempt_watch {
public:
  using time_point = std::chrono::steady_clock::time_point;

  enum class verdict { in_time, deadline, no_first_piece, stalled };

  attempt_watch() = default;
  attempt_watch(attempt_limits limits, time_point now) : limits_(limits), started_(now) {}

  void on_piece(time_point now) noexcept {
    last_piece_ = now;
    streaming_ = true;
  }

  verdict check(time_point now) const noexcept {
    if (limits_.total_ms > 0 && now >= at(started_, limits_.total_ms)) return verdict::deadline;
    if (!streaming_ && limits_.first_piece_ms > 0 && now >= at(started_, limits_.first_piece_ms))
      return verdict::no_first_piece;
    if (streaming_ && limits_.stall_ms > 0 && now >= at(last_piece_, limits_.stall_ms))
      return verdict::stalled;
    return verdict::in_time;
  }

  /// When `check` is worth calling next; `time_point::max()`: never.
  time_point next_check() const noexcept {
    auto next = time_point::max();
    if (limits_.total_ms > 0) next = at(started_, limits_.total_ms);
    if (!streaming_ && limits_.first_piece_ms > 0)
      next = std::min(next, at(started_, limits_.first_piece_ms));
    if (streaming_ && limits_.stall_ms > 0) next = std::min(next, at(last_piece_, limits_.stall_ms));
    return next;
  }

  /// Whether a piece has come.
  bool streaming() const noexcept { return streaming_; }

  const attempt_limits& limits() const noexcept { return limits_; }

private:
  static time_point at(time_point from, std::int64_t ms) { return from + std::chrono::milliseconds{ms}; }

  attempt_limits limits_;
  time_point started_{};
  time_point last_piece_{};
  bool streaming_ = false;
};

} // namespace weir
