#include "benchmarks/load/generator/order_check.hpp"

namespace weir::bench {

std::uint32_t order_check::add_receiver(std::uint32_t lanes) {
  auto at = static_cast<std::uint32_t>(lanes_.size());
  lanes_.resize(lanes_.size() + lanes);
  return at;
}

void order_check::take(std::uint32_t at, std::uint32_t number) {
  auto& lane = lanes_[at];
  if (number >= lane.next) {
    lane.missing += number - lane.next;
    lane.next = number + 1;
  } else if (lane.missing > 0) {
    --lane.missing;
    ++late_;
  } else {
    ++doubled_;
    return;
  }
  ++received_;
}

std::uint64_t order_check::missing(std::uint32_t at, std::uint32_t sent) const {
  auto& lane = lanes_[at];
  return lane.missing + (sent > lane.next ? sent - lane.next : 0);
}

} // namespace weir::bench
