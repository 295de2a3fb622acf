#pragma once

#include "actors/core/backoff.hpp"
#include "actors/core/drain_rate.hpp"
#include "actors/models/attempt_book.hpp"
#include "actors/models/config.hpp"
#include "actors/models/pool_metrics.hpp"
#include "actors/models/worker_shares.hpp"

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <functional>
#include <set>
#include <vector>

namespace weir {

/// The queue in front of a model and the supervisor of its workers. A worker that dies costs its caller one
/// attempt; the queue does not notice. A request whose time is over is answered by the pool, whether it waits
/// or its worker has lost it.
///
/// The queue is bounded by `queue_limit`. Overflow policy: a namespace that has less than its share in it
/// gets the place of the newest of the one that has most; both that one and whoever has its share are
/// answered with `429 model_queue_full`. A circuit breaker stands before the queue: while it is open nothing
/// is taken, and what waits when it opens is answered at once, with `503 unavailable`.
///
/// A pool that dies answers all that it has in hand; see `make_pool` for who starts the next.
///
/// Messages: `vacate_atom`, answered once nothing is in hand; `(permit, model_request)` and
/// `(model_cancel_atom, id)` from callers, `model_worker_idle` from workers; see models/messages.hpp.
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
  caf::result<void> vacate();
  void on_down(const caf::down_msg& msg);
  void replace_worker(caf::actor worker);
  void on_overdue(attempt& x);
  void drop(attempt& x);
  void fail(attempt& x, refusal why);
  void turn_away(std::uint64_t ticket, refusal why, const std::string& outcome);
  void forget(std::uint64_t ticket, const std::string& outcome,
              circuit_breaker::result what = circuit_breaker::result::neutral);
  void note_breaker();
  refusal queue_full();
  refusal breaker_open();
  void await_share();
  void arm_timer();
  void on_timer();

  model_config settings_;
  worker_factory make_worker_;
  pool_metrics metrics_;
  attempt_book book_;
  std::set<caf::actor> workers_;
  std::vector<caf::actor> idle_;
  circuit_breaker breaker_;
  circuit_breaker::state breaker_state_ = circuit_breaker::state::closed; // that has been told
  worker_shares shares_;
  drain_rate drain_;
  bool awaits_share_ = false;
  std::vector<caf::typed_response_promise<void>> waits_for_end_; // of those who ask: the node, once
  std::optional<attempt::time_point> timer_at_;                  // the earliest timer that is set
  backoff restarts_{std::chrono::milliseconds{10}, std::chrono::milliseconds{5000}, 2.0, 0.0};
  std::uint32_t deaths_ = 0; // since a worker last ended an attempt itself
};

} // namespace weir
