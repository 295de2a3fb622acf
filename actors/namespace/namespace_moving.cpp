// How a namespace ends so that another node can go on with it: nothing that it took is left without an
// answer, nothing that it knows is not kept.
//
// Its relays are told first, and hold back what comes from then on; a relay's `relay_paused` is the last that
// comes from it. Once all have said so, what was taken is kept, answered and delivered, and the actor ends.

#include "actors/namespace/namespace_actor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

/// Whether another node may have taken over: then nothing more is said here, and the actor ends.
bool namespace_actor::is_deposed() {
  if (!settings_.tenure || !settings_.tenure->is_over(clock().now())) return false;
  quit(caf::make_error(caf::sec::runtime_error, "the node's lease has lapsed"));
  return true;
}

void namespace_actor::begin_move() {
  if (std::exchange(moving_, true)) return;
  flush();
  for (auto& x : relays_) send(x.actor, namespace_moves{});
  run_delayed(move_patience, [this] {
    for (auto& x : relays_) x.paused = true; // it does not hear us: it will ask again for what has no answer
    end_turn();
  });
}

void namespace_actor::on_relay_paused() {
  if (auto* from = find_relay(current_sender())) from->paused = true;
}

/// At the end of each turn.
void namespace_actor::end_move() {
  auto hears = [](const relay_entry& x) { return !x.paused; };
  if (std::any_of(relays_.begin(), relays_.end(), hears) || !link_.is_idle()) return;
  ends_in_order_ = true;
  save_cursors();
  if (!link_.is_idle()) return;
  spdlog::debug("namespace {} has kept all that it took, and ends here", settings_.name);
  quit();
}

} // namespace weir
