#pragma once

#include <caf/telemetry/gauge.hpp>

#include <cstdint>

namespace weir {

/// One's part of a gauge that others of the same label have parts of too: they add up. What does not change
/// costs nothing. The part ends with its owner. Any one thread at a time.
class gauge_share {
public:
  gauge_share() = default; ///< Of no gauge: does nothing.
  explicit gauge_share(caf::telemetry::int_gauge* whole) : whole_(whole) {}
  ~gauge_share() { value(0); }

  gauge_share(const gauge_share&) = delete;
  gauge_share& operator=(const gauge_share&) = delete;

  void value(std::uint64_t x) noexcept {
    auto now = static_cast<std::int64_t>(x);
    if (whole_ != nullptr && now != mine_) whole_->inc(now - mine_);
    mine_ = now;
  }

  /// Goes on as a part of another gauge.
  void move_to(caf::telemetry::int_gauge* whole) noexcept {
    if (whole_ != nullptr) whole_->dec(mine_);
    whole_ = whole;
    whole_->inc(mine_);
  }

private:
  caf::telemetry::int_gauge* whole_ = nullptr;
  std::int64_t mine_ = 0;
};

} // namespace weir
