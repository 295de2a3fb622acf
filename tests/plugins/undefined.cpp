#include <weir/agent.hpp>

namespace weir {
void function_of_a_later_version();
}

WEIR_PLUGIN(registry) {
  weir::function_of_a_later_version();
  registry.add("later", [](const weir::agent_config&) -> std::unique_ptr<weir::agent> { return nullptr; });
}
