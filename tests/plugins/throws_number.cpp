#include <weir/agent.hpp>

WEIR_PLUGIN(registry) {
  registry.add("number", [](const weir::agent_config&) -> std::unique_ptr<weir::agent> { return nullptr; });
  throw 7;
}
