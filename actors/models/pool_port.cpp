#include "actors/models/pool_port.hpp"

#include <caf/behavior.hpp>

namespace weir {

pool_port::pool_port(caf::actor_config& cfg, pool_handle pool)
  : caf::event_based_actor(cfg), pool_(std::move(pool)) {}

caf::behavior pool_port::make_behavior() {
  return {
      [this](model_request& what) { take(what); },
      [this](model_cancel_atom, std::uint64_t id) { return delegate(pool_.actor, model_cancel_atom_v, id); },
  };
}

void pool_port::on_exit() { pool_ = {}; }

void pool_port::take(model_request& what) {
  if (!what.sink) return; // nobody would hear the answer
  send(what.sink, model_receipt{what.id});
  auto place = pool_.box->try_take();
  if (auto* no = std::get_if<refusal>(&place))
    return send(what.sink, model_failed{what.id, std::move(*no), true, true});
  // A request, so that one that dies with the pool before it was read is answered too.
  auto lost = [this, sink = what.sink, id = what.id](const caf::error&) {
    auto why = "the pool of model " + pool_.config.name + " is gone";
    send(sink, model_failed{id, {code::unavailable, "unavailable", why, 0, {}, 0, 0}, true});
  };
  request(pool_.actor, caf::infinite, std::get<permit>(std::move(place)), std::move(what))
      .then([] {}, std::move(lost));
}

} // namespace weir
