#pragma once

#include <cstdint>
#include <deque>
#include <optional>

namespace weir {

/// Decides how much of a namespace's log stays in the store, by count, bytes and age, from what it was told
/// of the events: reading them again to find out would cost as much as writing them. Plain.
///
/// It works in blocks: a log may be over a bound by at most one block.
class retention {
public:
  struct bounds {
    std::uint64_t events = 1'000'000;
    std::uint64_t bytes = 1ULL << 30;
    std::uint64_t age_ms = 86'400'000;
  };

  /// Events in a block.
  static constexpr std::uint64_t block_events = 1024;

  explicit retention(bounds limits) : limits_(limits) {}

  /// What a log held when it was opened. Sizes and times within it are taken as evenly spread.
  /// @param oldest_ms, newest_ms time stamps of its first and last event.
  void restore(std::uint64_t first, std::uint64_t head, std::uint64_t bytes, std::int64_t oldest_ms,
               std::int64_t newest_ms);

  /// An event was kept.
  void add(std::uint64_t seq, std::uint64_t bytes, std::int64_t ts_ms);

  /// The seq that is to be the first one kept from now on, when that has changed.
  std::optional<std::uint64_t> trim(std::int64_t now_ms);

  std::uint64_t first_kept() const noexcept { return first_kept_; }
  std::uint64_t bytes() const noexcept { return bytes_; }

private:
  struct block {
    std::uint64_t first;
    std::uint64_t last;
    std::uint64_t bytes;
    std::int64_t newest_ms;
  };

  bool over(std::int64_t now_ms) const;

  bounds limits_;
  std::deque<block> blocks_; // events / block_events, and `restored_blocks` more
  std::uint64_t first_kept_ = 1;
  std::uint64_t bytes_ = 0;
};

} // namespace weir
