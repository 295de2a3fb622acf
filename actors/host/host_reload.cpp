// Namespaces whose plan has changed while they run: limits, agents, workflows, models.

#include "actors/host/host.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

void host::on_plans_changed() {
  if (settings_.resources) {
    auto now = settings_.resources();
    settings_.max_namespaces = now.max_namespaces;
    settings_.models = std::move(now.models);
  }
  for (auto& [name, x] : entries_) {
    auto plan = settings_.plan(name);
    if (plan.version == x.plan.version) continue;
    auto runs = x.ns && x.now == phase::open;
    auto would_be_lost = x.plan.keep == durability::none;
    if (runs && !would_be_lost) {
      x.outdated = true;
      if (std::find(to_move_.begin(), to_move_.end(), name) == to_move_.end()) to_move_.push_back(name);
      continue;
    }
    // It is started by this plan, now or when it ends by itself: what is kept nowhere is not ended for it.
    if (runs)
      spdlog::warn("namespace.keeps_plan: {} has durability none, its new plan holds when it starts", name);
    x.plan = std::move(plan);
    x.models = models_for(name, x);
  }
  move_next();
}

/// What is in line to move may have become right where it is.
bool host::may_move(const std::string& name, const entry& x) const {
  return is_misplaced(name, x) || (x.outdated && x.now == phase::open);
}

} // namespace weir
