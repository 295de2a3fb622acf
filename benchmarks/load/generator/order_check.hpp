#pragma once

#include <cstdint>
#include <vector>

namespace weir::bench {

/// Whether receivers got each lane's events in order, none lost and none twice. Eight bytes per receiver and
/// lane: the next number and how many below it are missing. Of a number below the next one it cannot tell
/// whether it was missing or comes twice; while some are missing it counts as late, otherwise as doubled. The
/// sums (received, missing) are exact where nothing was doubled, and any mistake shows in one of them.
class order_check {
public:
  /// Room for a receiver of that many lanes. Gives where it begins.
  std::uint32_t add_receiver(std::uint32_t lanes);

  /// @param at the receiver's beginning, plus which of its lanes.
  void take(std::uint32_t at, std::uint32_t number);

  /// Numbers that have been sent on the lane but are not here.
  std::uint64_t missing(std::uint32_t at, std::uint32_t sent) const;

  std::uint64_t received() const noexcept { return received_; }
  std::uint64_t late() const noexcept { return late_; }       ///< Out of order.
  std::uint64_t doubled() const noexcept { return doubled_; } ///< A second time.

private:
  struct position {
    std::uint32_t next = 0;
    std::uint32_t missing = 0;
  };

  std::vector<position> lanes_;
  std::uint64_t received_ = 0; // each once
  std::uint64_t late_ = 0;
  std::uint64_t doubled_ = 0;
};

} // namespace weir::bench
