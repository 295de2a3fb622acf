#include "actors/models/pool.hpp"

#include "actors/models/pool_actor.hpp"
#include "actors/models/worker.hpp"

#include <caf/actor_system.hpp>

namespace weir {

pool_handle make_pool(caf::actor_system& sys, model_config config, backend_factory make, io_unit& unit) {
  auto slot = std::make_shared<backend_slot>();
  slot->make = std::move(make);
  auto box = inbox::make(sys, {"model." + config.name, config.queue_limit, "model_queue_full", "model"});
  auto make_worker = [&sys, &unit, config, slot](caf::actor pool) {
    return sys.spawn<model_worker>(unit, std::move(pool), config, slot);
  };
  auto pool = sys.spawn<model_pool>(config, std::move(make_worker));
  return {std::move(pool), std::move(box), std::move(config)};
}

} // namespace weir
