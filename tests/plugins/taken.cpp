#include <weir/agent.hpp>

struct other : weir::agent {};

WEIR_PLUGIN(registry) {
  registry.add<other>("new_kind");
  registry.add<other>("echo");
}
