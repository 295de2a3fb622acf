#include "net/socket_context.hpp"

#include <cstdio>

namespace weir {

std::string socket_context::make_id_prefix() {
  std::random_device source;
  char out[32];
  std::snprintf(out, sizeof out, "%08x%08x-", static_cast<unsigned>(source()),
                static_cast<unsigned>(source()));
  return out;
}

} // namespace weir
