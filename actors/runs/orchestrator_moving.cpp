// How an orchestrator ends so that another node goes on with its runs: nothing new begins, since it would be
// begun again there. What is on its way to viewers piece by piece is waited for, since nobody could go on
// with the same text; whatever else runs is taken up from its journal, or begun again.

#include "actors/runs/orchestrator.hpp"

#include <algorithm>

namespace weir {

void orchestrator::begin_move() {
  if (std::exchange(moving_, true)) return;
  run_delayed(move_patience, [this] { quit(); });
  end_move();
}

void orchestrator::end_move() {
  if (!moving_ || !link_.is_idle()) return;
  if (std::none_of(runs_.begin(), runs_.end(), [this](auto& x) { return is_streaming(x.second); })) quit();
}

/// Or has been, and its end is being kept.
bool orchestrator::is_streaming(const open_run& x) const {
  auto i = agents_.find(x.order.target);
  return x.ends
         || (x.actor && i != agents_.end()
             && (i->second.config.kind == "prompt" || i->second.config.is_external()));
}

} // namespace weir
