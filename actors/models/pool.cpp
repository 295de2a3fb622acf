#include "actors/models/pool.hpp"

#include "actors/core/door.hpp"
#include "actors/core/hash.hpp"
#include "actors/core/supervisor.hpp"
#include "actors/models/pool_actor.hpp"
#include "actors/models/worker.hpp"

#include <caf/actor_system.hpp>
#include <spdlog/spdlog.h>

namespace weir {

namespace {

/// More than the back-off lets happen: a pool is never given up, since nothing else would start it again.
constexpr restart_intensity intensity{1000, std::chrono::seconds{60}};

supervisor::config rules_for(const std::string& model) {
  supervisor::config rules;
  rules.intensity = intensity;
  rules.seed = fnv1a{}.add(model).value();
  rules.observer.on_restart = [model](const std::string&, std::chrono::milliseconds delay) {
    spdlog::error("the pool of model {} crashed; it is made again in {} ms", model, delay.count());
  };
  return rules;
}

} // namespace

pool_handle make_pool(caf::actor_system& sys, model_config config, backend_factory make, io_unit& unit) {
  auto slot = std::make_shared<backend_slot>();
  slot->make = std::move(make);
  auto limit = config.queue_limit + requests_on_their_way;
  auto box = inbox::make(sys, {"model." + config.name, limit, "model_queue_full", "model"});
  auto start = [&unit, config, slot](caf::actor_system& system) {
    auto make_worker = [&system, &unit, config, slot](caf::actor pool) {
      return system.spawn<model_worker>(unit, std::move(pool), config, slot);
    };
    return system.spawn<model_pool>(config, std::move(make_worker));
  };
  auto front = sys.spawn<door>(2 * limit); // for each request a cancel too
  std::vector<child_spec> children{{"model." + config.name, std::move(start), front}};
  auto boss = sys.spawn<supervisor>(rules_for(config.name), std::move(children));
  return {std::move(front), std::move(box), std::move(config), std::move(boss)};
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
