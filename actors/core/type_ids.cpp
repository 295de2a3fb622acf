#include "actors/core/meta_objects.hpp"

#include "actors/cluster/claim_messages.hpp"
#include "actors/cluster/messages.hpp"
#include "actors/core/inbox.hpp"
#include "actors/core/type_ids.hpp"
#include "actors/models/messages.hpp"
#include "actors/namespace/messages.hpp"
#include "actors/runs/messages.hpp"
#include "actors/runs/workflow_messages.hpp"
#include "actors/store/messages.hpp"

#include <caf/init_global_meta_objects.hpp>
#include <caf/io/middleman.hpp>

#include <mutex>

namespace weir {

void init_meta_objects() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::init_global_meta_objects<caf::id_block::weir>();
    caf::io::middleman::init_global_meta_objects();
    caf::core::init_global_meta_objects();
  });
}

} // namespace weir
