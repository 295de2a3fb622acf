#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace weir {

/// Decides how much of a namespace's log stays in the store, by count, bytes and age, from what it was told
/// of the events: reading them again to find out would cost as much as writing them. Plain. Times are those
/// of `instant::now_ms`.
///
/// It works in blocks of at most `block_events` events that were kept within a `block_ages`th of the age. By
/// count and bytes the log never holds less than its bound, and at most one block more; by age an event is
/// trimmed once it and all of its block are too old: never before `age_ms`, and at most one `block_ages`th of
/// it later.
class retention {
public:
  struct bounds {
    std::uint64_t events = 1'000'000;
    std::uint64_t bytes = 1ULL << 30;
    std::uint64_t age_ms = 86'400'000;
  };

  /// Events in a block.
  static constexpr std::uint64_t block_events = 1024;

  /// Blocks that one span of `age_ms` makes at least.
  static constexpr std::int64_t block_ages = 32;

  explicit retention(bounds limits) : limits_(limits) {}

  /// What a log held when it was opened. Sizes and times within it are taken as evenly spread.
  /// @param oldest_ms, newest_ms when its first and last event were kept: before the process, negative.
  void restore(std::uint64_t first, std::uint64_t head, std::uint64_t bytes, std::int64_t oldest_ms,
               std::int64_t newest_ms);

  /// An event was kept.
  void add(std::uint64_t seq, std::uint64_t bytes, std::int64_t now_ms);

  /// The seq that is to be the first one kept from now on, when that has changed.
  std::optional<std::uint64_t> trim(std::int64_t now_ms);

  /// When the oldest block is too old; nothing: there is none.
  std::optional<std::int64_t> next_due_ms() const;

  std::uint64_t first_kept() const noexcept { return first_kept_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  struct block {
    std::uint64_t first;
    std::uint64_t last;
    std::uint64_t bytes;
    std::int64_t oldest_ms;
    std::int64_t newest_ms;
  };

  bool is_full(const block& x, std::int64_t now_ms) const;
  bool over(std::int64_t now_ms) const;
  std::int64_t age_ms() const noexcept { return static_cast<std::int64_t>(limits_.age_ms); }

  bounds limits_;
  std::deque<block> blocks_; // events / block_events, and `restored_blocks` and `block_ages` more
  std::uint64_t first_kept_ = 1;
  std::uint64_t bytes_ = 0;
};

} // namespace weir
