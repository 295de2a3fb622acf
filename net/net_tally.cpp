#include "net/net_tally.hpp"

#include <utility>

namespace weir {

void net_tally::on_turn_end() {
  auto x = std::exchange(now_, {});
  auto add = [](auto* to, std::int64_t n) {
    if (n != 0) to->inc(n);
  };
  add(to_.frames_in, x.frames_in);
  add(to_.frames_out, x.frames_out);
  add(to_.deliveries, x.deliveries);
  add(to_.outbound_bytes, x.outbound_bytes);
  add(to_.outbound_frames, x.outbound_frames);
}

} // namespace weir
