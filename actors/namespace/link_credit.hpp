#pragma once

#include "actors/messages/namespace.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

namespace weir {

/// What a delivery counts for on the link to another node, in bytes: near what it takes there.
inline std::uint64_t link_bytes(std::span<const delivery> all) {
  constexpr std::uint64_t beside_data = 256;
  std::uint64_t out = 0;
  for (auto& x : all) out += x.what->data.size() + beside_data;
  return out;
}

/// Bounds what is on its way to a relay on another node. Overflow policy: batches are left out until half of
/// the bound is free again; then the relay is told, and its clients read from the log what they miss. Plain.
class link_credit {
public:
  /// @param limit bytes; 0: no bound, the relay is on this node.
  explicit link_credit(std::uint64_t limit) : limit_(limit) {}

  /// Whether this batch is to be sent. One always is while nothing is on its way, however large.
  bool take(std::span<const delivery> batch) {
    if (limit_ == 0) return true;
    auto bytes = link_bytes(batch);
    if (!leaving_out_ && (in_flight_ == 0 || in_flight_ + bytes <= limit_)) {
      in_flight_ += bytes;
      return true;
    }
    leaving_out_ = true;
    for (auto& x : batch) ephemeral_ += x.what->ephemeral() ? 1 : 0;
    return false;
  }

  /// @returns whether deliveries are to go on: `resume` is then to be called.
  bool on_receipt(std::uint64_t bytes) {
    in_flight_ -= std::min(bytes, in_flight_);
    return leaving_out_ && in_flight_ <= limit_ / 2;
  }

  /// @param head the newest event's seq; all up to it has been sent or left out.
  link_resumed resume(std::uint64_t head) {
    leaving_out_ = false;
    return {head, std::exchange(ephemeral_, 0)};
  }

  bool leaves_out() const noexcept { return leaving_out_; }

private:
  std::uint64_t limit_;
  std::uint64_t in_flight_ = 0;
  std::uint64_t ephemeral_ = 0; // left out since the last `resume`
  bool leaving_out_ = false;
};

} // namespace weir
