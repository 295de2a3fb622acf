#pragma once

#include "actors/agents/config.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/limits.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"
#include "actors/store/store_actor.hpp"

#include <caf/actor.hpp>
#include <caf/telemetry/counter.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace weir {

/// An agent as the runs of a namespace reach it.
struct run_target {
  agent_config config;
  caf::actor door; ///< Null for one that could not be started.
};

/// A workflow with what is looked up in it again and again.
struct workflow_plan {
  explicit workflow_plan(std::shared_ptr<const workflow> what)
    : plan(std::move(what)), json(print_json(print_workflow(*plan))), awaited(patterns_of(*plan)),
      awaited_of_any_run(patterns_of_any_run(*plan)) {}

  std::shared_ptr<const workflow> plan;
  std::string json;                         ///< What its runs' journals say of it.
  std::set<std::string> awaited;            ///< The patterns of all its awaits …
  std::set<std::string> awaited_of_any_run; ///< … and of those that take events of any run.
};
using workflow_plan_ptr = std::shared_ptr<const workflow_plan>;

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
  std::function<std::int64_t()> wall_clock_ms;   ///< Milliseconds since the Unix epoch.
  std::function<std::int64_t()> expiry_clock_ms; ///< See `expiry_clock`.
  std::map<std::string, workflow_plan_ptr, std::less<>> workflows;
  caf::telemetry::int_counter* awaited_dropped = nullptr; ///< See `workflow_machine::dropped_events`.
};

} // namespace weir
