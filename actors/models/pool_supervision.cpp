#include "actors/models/pool_supervision.hpp"

#include "actors/core/door.hpp"
#include "actors/core/hash.hpp"
#include "actors/core/supervisor.hpp"

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

pool_handle supervise_pool(caf::actor_system& sys, model_config config,
                           std::function<caf::actor(caf::actor_system&)> start) {
  auto limit = config.queue_limit + requests_on_their_way;
  auto box = inbox::make(sys, {"model." + config.name, limit, "model_queue_full", "model"});
  auto front = sys.spawn<door>(2 * limit); // for each request a cancel too
  std::vector<child_spec> children{{"model." + config.name, std::move(start), front}};
  auto boss = sys.spawn<supervisor>(rules_for(config.name), std::move(children));
  return {std::move(front), std::move(box), std::move(config), std::move(boss)};
}

} // namespace weir
