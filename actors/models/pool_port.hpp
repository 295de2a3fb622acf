#pragma once

#include "actors/models/pool.hpp"

#include <caf/event_based_actor.hpp>

namespace weir {

/// Where other nodes reach a pool of this one. A request that finds the pool's inbox full is answered with
/// `429 model_queue_full` at once; what is taken waits in the pool's queue, fair between the namespaces of
/// all nodes. Its own mailbox is bounded by what each node may have unanswered, see `remote_links`. An
/// asking node that is gone takes its requests with it: the pool monitors who asked.
///
/// Messages: `model_request`, whose sink gets a `model_receipt` and then what any caller of a pool gets, and
/// `(model_cancel_atom, id)`.
class pool_port : public caf::event_based_actor {
public:
  pool_port(caf::actor_config& cfg, pool_handle pool);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void take(model_request& what);

  pool_handle pool_;
};

} // namespace weir
