#include "actors/agents/registry.hpp"

#include "actors/agents/echo_agent.hpp"
#include "actors/agents/prompt_agent.hpp"

namespace weir {

agent_registry agent_registry::with_builtins() {
  agent_registry out;
  out.add<echo_agent>("echo");
  out.add("prompt", [](const agent_config& cfg) { return std::make_unique<prompt_agent>(cfg); });
  return out;
}

bool agent_registry::add(const std::string& kind, factory make) {
  auto free = kind != "external"; // which is no type: see agent_config
  auto added = free && kinds_.emplace(kind, std::move(make)).second;
  if (!added) refused_.push_back(kind);
  return added;
}

std::vector<std::string> agent_registry::take(const agent_registry& other) {
  std::vector<std::string> taken;
  for (auto& [kind, make] : other.kinds_)
    if (knows(kind)) taken.push_back(kind);
  if (taken.empty()) kinds_.insert(other.kinds_.begin(), other.kinds_.end());
  return taken;
}

} // namespace weir
