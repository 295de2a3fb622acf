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

} // namespace weir
