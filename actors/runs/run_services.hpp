#pragma once

#include "actors/agents/config.hpp"
#include "actors/core/limits.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/workflow_plan.hpp"
#include "actors/store/store_actor.hpp"

#include <caf/actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace weir {

/// An agent as the runs of a namespace reach it.
struct run_target {
  agent_config config;
  caf::actor door; ///< Null for one that could not be started.
};

/// A workflow with what its runs' journals say of it.
struct workflow_plan {
  std::shared_ptr<const workflow> plan;
  std::string json;
};

/// What all runs of a namespace use. Made once its agents can be reached, shared read-only.
struct run_services {
  std::string ns_name;
  caf::actor ns;
  caf::actor owner; ///< The orchestrator.
  std::map<std::string, run_target, std::less<>> targets;
  std::shared_ptr<const model_directory> models;
  store_handle store; ///< Empty: no run is kept.
  durability keep = durability::none;
  limits bounds;
  std::function<std::int64_t()> wall_clock_ms; ///< Milliseconds since the Unix epoch.
  std::map<std::string, workflow_plan, std::less<>> workflows;
};

} // namespace weir
