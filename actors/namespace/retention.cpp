#include "actors/namespace/retention.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::uint64_t restored_blocks = 256; // how finely an old log is trimmed after a restart

} // namespace

void retention::restore(std::uint64_t first, std::uint64_t head, std::uint64_t bytes, std::int64_t oldest_ms,
                        std::int64_t newest_ms) {
  first_kept_ = first;
  bytes_ = 0;
  blocks_.clear();
  auto count = head + 1 - first;
  auto step = std::max(block_events, count / restored_blocks + 1);
  for (std::uint64_t at = first; at <= head; at += step) {
    auto last = std::min(head, at + step - 1);
    auto share = static_cast<double>(last + 1 - at) / static_cast<double>(count);
    auto behind =
        static_cast<double>(last - first) / static_cast<double>(std::max<std::uint64_t>(count - 1, 1));
    blocks_.push_back(
        {at, last, static_cast<std::uint64_t>(static_cast<double>(bytes) * share),
         oldest_ms + static_cast<std::int64_t>(static_cast<double>(newest_ms - oldest_ms) * behind)});
    bytes_ += blocks_.back().bytes;
  }
}

void retention::add(std::uint64_t seq, std::uint64_t bytes, std::int64_t ts_ms) {
  if (blocks_.empty() || blocks_.back().last + 1 - blocks_.back().first >= block_events)
    blocks_.push_back({seq, seq, 0, ts_ms});
  auto& x = blocks_.back();
  x.last = seq;
  x.bytes += bytes;
  x.newest_ms = std::max(x.newest_ms, ts_ms);
  bytes_ += bytes;
}

std::optional<std::uint64_t> retention::trim(std::int64_t now_ms) {
  auto before = first_kept_;
  while (!blocks_.empty() && over(now_ms)) {
    bytes_ -= blocks_.front().bytes;
    first_kept_ = blocks_.front().last + 1;
    blocks_.pop_front();
  }
  if (first_kept_ == before) return std::nullopt;
  return first_kept_;
}

/// Whether a bound is broken even without the oldest block, or that block is too old.
bool retention::over(std::int64_t now_ms) const {
  auto& oldest = blocks_.front();
  return blocks_.back().last - oldest.last >= limits_.events || bytes_ - oldest.bytes >= limits_.bytes
         || now_ms - oldest.newest_ms >= static_cast<std::int64_t>(limits_.age_ms);
}

} // namespace weir
