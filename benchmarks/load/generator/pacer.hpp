#pragma once

#include <cstdint>
#include <limits>

namespace weir::bench {

/// When each event of an open loop is due: a fixed time, whatever became of the ones before it.
class pacer {
public:
  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

  pacer() = default;

  /// @param per_s above 0. @param count events in all.
  pacer(std::int64_t start_ns, double per_s, std::uint64_t count)
    : start_ns_(start_ns), gap_ns_(1e9 / per_s), count_(count) {}

  std::int64_t due_ns(std::uint64_t event) const {
    return start_ns_ + static_cast<std::int64_t>(gap_ns_ * static_cast<double>(event));
  }

  /// Of the next event; `never` after the last.
  std::int64_t next_ns() const { return next_ < count_ ? due_ns(next_) : never; }

  /// The next event's number; it counts as sent.
  std::uint64_t take() { return next_++; }

  std::uint64_t taken() const noexcept { return next_; }
  std::uint64_t count() const noexcept { return count_; }

  /// No more events are due.
  void stop() noexcept { count_ = next_; }

private:
  std::int64_t start_ns_ = 0;
  double gap_ns_ = 1;
  std::uint64_t count_ = 0;
  std::uint64_t next_ = 0;
};

} // namespace weir::bench
