#include "actors/models/pool.hpp"

#include "actors/models/pool_actor.hpp"
#include "actors/models/pool_supervision.hpp"
#include "actors/models/worker.hpp"

#include <caf/actor_system.hpp>

namespace weir {

pool_handle make_pool(caf::actor_system& sys, model_config config, backend_factory make, io_unit& unit) {
  auto slot = std::make_shared<backend_slot>();
  slot->make = std::move(make);
  auto start = [&unit, config, slot](caf::actor_system& system) {
    auto make_worker = [&system, &unit, config, slot](caf::actor pool) {
      return system.spawn<model_worker>(unit, std::move(pool), config, slot);
    };
    return system.spawn<model_pool>(config, std::move(make_worker));
  };
  return supervise_pool(sys, std::move(config), std::move(start));
}

model_directory pools_for(caf::actor_system& sys, const model_directory& pools,
                          const std::shared_ptr<model_account>& account) {
  model_directory out;
  for (auto& [name, x] : pools) {
    auto mine = x;
    mine.box = inbox::share_of(sys, x.box, x.config.queue_limit);
    mine.account = account;
    mine.stages = std::make_shared<model_stages>(sys, account->label(), name);
    out.emplace(name, std::move(mine));
  }
  return out;
}

} // namespace weir
