#include "actors/messages/meta_objects.hpp"

#include "actors/core/inbox.hpp"
#include "actors/messages/claims.hpp"
#include "actors/messages/cluster.hpp"
#include "actors/messages/models.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/messages/runs.hpp"
#include "actors/messages/store.hpp"
#include "actors/messages/type_ids.hpp"
#include "actors/messages/workflows.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>

#include <mutex>

namespace weir {

void init_meta_objects() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::weir_core>();
    caf::init_global_meta_objects<caf::id_block::weir>();
    caf::io::middleman::init_global_meta_objects();
    caf::core::init_global_meta_objects();
  });
}

} // namespace weir
