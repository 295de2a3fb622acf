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
    auto kept_ms = oldest_ms + static_cast<std::int64_t>(static_cast<double>(newest_ms - oldest_ms) * behind);
    blocks_.push_back(
        {at, last, static_cast<std::uint64_t>(static_cast<double>(bytes) * share), kept_ms, kept_ms});
    bytes_ += blocks_.back().bytes;
  }
}

void retention::add(std::uint64_t seq, std::uint64_t bytes, std::int64_t now_ms) {
  if (blocks_.empty() || is_full(blocks_.back(), now_ms)) blocks_.push_back({seq, seq, 0, now_ms, now_ms});
  auto& x = blocks_.back();
  x.last = seq;
  x.bytes += bytes;
  x.newest_ms = std::max(x.newest_ms, now_ms);
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

bool retention::is_full(const block& x, std::int64_t now_ms) const {
  return x.last + 1 - x.first >= block_events || now_ms - x.oldest_ms > age_ms() / block_ages;
}

std::optional<std::int64_t> retention::next_due_ms() const {
  if (blocks_.empty()) return std::nullopt;
  return blocks_.front().newest_ms + age_ms();
}

/// Whether a bound is broken even without the oldest block, or that block is too old.
bool retention::over(std::int64_t now_ms) const {
  auto& oldest = blocks_.front();
  return blocks_.back().last - oldest.last >= limits_.events || bytes_ - oldest.bytes >= limits_.bytes
         || now_ms - oldest.newest_ms >= age_ms();
}

} // namespace weir
