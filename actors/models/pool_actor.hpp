#pragma once

#include "actors/core/backoff.hpp"
#include "actors/models/attempt_book.hpp"
#include "actors/models/config.hpp"
#include "actors/models/pool_metrics.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include <functional>
#include <set>
#include <vector>

namespace weir {

/// The queue in front of a model and the supervisor of its workers. A worker that dies costs its caller one
/// attempt; the queue does not notice. A request whose time is over is answered by the pool, whether it waits
/// or its worker has lost it.
///
/// Messages: `(permit, model_request)` and `(model_cancel_atom, id)` from callers, `model_worker_idle` from
/// workers; see models/messages.hpp.
class model_pool : public caf::event_based_actor {
public:
  /// Makes a worker for the given pool.
  using worker_factory = std::function<caf::actor(caf::actor pool)>;

  /// A worker ends its attempt itself; one that has not by then is taken for lost.
  static constexpr std::chrono::milliseconds worker_grace{250}; ///< After the attempt's deadline.

  model_pool(caf::actor_config& cfg, model_config settings, worker_factory make_worker);

  caf::behavior make_behavior() override;
  void on_exit() override;

  void enqueue_request(permit& place, model_request& what);
  void cancel(const caf::actor_addr& sink, std::uint64_t id);
  void on_idle(const caf::actor& worker, const model_worker_idle& news);

private:
  void dispatch();
  void start_worker();
  void on_down(const caf::down_msg& msg);
  void replace_worker(caf::actor worker);
  void on_overdue(attempt& x);
  void drop(attempt& x);
  void fail(attempt& x, refusal why);
  void forget(std::uint64_t ticket, const std::string& outcome);
  void arm_timer();
  void on_timer();

  model_config settings_;
  worker_factory make_worker_;
  pool_metrics metrics_;
  attempt_book book_;
  std::set<caf::actor> workers_;
  std::vector<caf::actor> idle_;
  std::optional<attempt::time_point> timer_at_; // the earliest timer that is set
  backoff restarts_{std::chrono::milliseconds{10}, std::chrono::milliseconds{5000}, 2.0, 0.0};
  std::uint32_t deaths_ = 0; // since a worker last ended an attempt itself
};

} // namespace weir
