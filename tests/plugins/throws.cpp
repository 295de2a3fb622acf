#include <weir/agent.hpp>

#include <stdexcept>

struct half : weir::agent {};

WEIR_PLUGIN(registry) {
  registry.add<half>("half_way");
  throw std::domain_error("no luck today");
}
