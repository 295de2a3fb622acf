#include "apps/weir/node.hpp"

#include <cstdio>

namespace weir {

int run_node(const node_config&) {
  std::fputs("weir: node: not in this version yet\n", stderr);
  return 1;
}

} // namespace weir
