#pragma once

#include "actors/core/io_unit.hpp"
#include "net/net_metrics.hpp"

#include <cstdint>

namespace weir {

/// What the connections of one I/O thread count in a turn, added to the node's metrics when it ends: these
/// are shared by all threads, and what is counted for each frame would make the threads wait for each other.
class net_tally : private turn_hook {
public:
  explicit net_tally(const net_metrics& to) : to_(to) {}
  ~net_tally() override {
    if (unit_ != nullptr) unit_->forget(*this);
  }
  net_tally(const net_tally&) = delete;
  net_tally& operator=(const net_tally&) = delete;

  struct figures {
    std::int64_t frames_in = 0;
    std::int64_t frames_out = 0;
    std::int64_t deliveries = 0;
    std::int64_t outbound_bytes = 0;  ///< More than waited before, or less.
    std::int64_t outbound_frames = 0; ///< As above.
  };

  /// To be added to, before the turn of `unit` ends.
  figures& of_turn(io_unit& unit) {
    unit_ = &unit;
    unit.at_turn_end(*this);
    return now_;
  }

private:
  void on_turn_end() override;

  const net_metrics& to_;
  io_unit* unit_ = nullptr;
  figures now_;
};

} // namespace weir
