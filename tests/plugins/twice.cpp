#include <weir/agent.hpp>

struct other : weir::agent {};

WEIR_PLUGIN(registry) {
  registry.add<other>("two");
  registry.add<other>("two");
}
