#include "actors/models/pool_actor.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/core/hash.hpp"

#include <caf/actor_clock.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

model_pool::model_pool(caf::actor_config& cfg, model_config settings, worker_factory make_worker)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), make_worker_(std::move(make_worker)),
    metrics_(system(), settings_.name), book_(settings_.queue_limit),
    breaker_(settings_.breaker, fnv1a{}.add(settings_.name).value()),
    shares_(settings_.workers, settings_.max_share, milliseconds{settings_.share_window_ms}) {}

caf::behavior model_pool::make_behavior() {
  log_crashes(*this, "the pool of model " + settings_.name);
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (std::uint32_t i = 0; i < settings_.workers; ++i) start_worker();
  return {
      [this](permit& place, model_request& what) { enqueue_request(place, what); },
      [this](model_cancel_atom, std::uint64_t id) {
        cancel(caf::actor_cast<caf::actor_addr>(current_sender()), id);
      },
      [this](vacate_atom) { return vacate(); },
      [this](const model_worker_idle& news) { on_idle(caf::actor_cast<caf::actor>(current_sender()), news); },
  };
}

void model_pool::on_exit() {
  for (auto ticket : book_.unanswered()) {
    auto& x = book_.find(ticket)->what;
    auto why = "the pool of model " + settings_.name + " ended";
    caf::anon_send(x.sink, model_failed{x.id, {code::unavailable, "unavailable", why, 0, {}, 0, 0}, true});
  }
  for (auto& x : workers_) send_exit(x, caf::exit_reason::user_shutdown);
  workers_.clear(); // they hold this actor, and the book holds places in the inbox
  idle_.clear();
  book_ = attempt_book{0};
}

void model_pool::enqueue_request(permit& place, model_request& what) {
  if (!what.sink) return; // nobody would hear the answer
  auto now = clock().now();
  attempt x;
  x.pass = breaker_.admit(now);
  note_breaker();
  if (!x.pass.granted) {
    metrics_.on_refused("unavailable");
    return send(what.sink, model_failed{what.id, breaker_open(), true, true});
  }
  shares_.on_arrived(what.ns, now);
  if (auto* victim = book_.make_room(what.ns)) turn_away(victim->ticket, queue_full(), "evicted");
  auto is_new = !book_.knows_sink(what.sink.address());
  x.arrived = now;
  auto timeout_ms =
      what.timeout_ms > 0 ? std::min(what.timeout_ms, settings_.timeout_ms) : settings_.timeout_ms;
  x.deadline = x.arrived + milliseconds{timeout_ms};
  x.what = std::move(what);
  x.place = std::move(place);
  if (book_.waiting() == 0) drain_.on_busy(now);
  auto* added = book_.add(x);
  if (added == nullptr) {
    breaker_.on_result(x.pass, circuit_breaker::result::neutral, now);
    metrics_.on_refused("refused");
    return send(x.what.sink, model_failed{x.what.id, queue_full(), true, true});
  }
  if (is_new) monitor(added->what.sink);
  dispatch();
  arm_timer();
}

void model_pool::dispatch() {
  auto now = clock().now();
  auto may_go = [this, now](const std::string& ns) { return shares_.may_start(ns, now); };
  while (!idle_.empty()) {
    auto* next = book_.start_next(idle_.back().address(), may_go);
    if (next == nullptr) break;
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    auto& x = *next;
    shares_.on_started(x.what.ns);
    drain_.on_done(now);
    book_.set_deadline(x.ticket, x.deadline + worker_grace);
    // Rounded up: the caller's own deadline is never later than the worker's.
    x.what.timeout_ms = std::max(std::chrono::ceil<milliseconds>(x.deadline - now), milliseconds{1}).count();
    auto queued_ms = duration_cast<milliseconds>(now - x.arrived).count();
    send(worker, model_assignment{x.ticket, queued_ms, x.what});
    x.what.messages.clear(); // the worker has them now
  }
  if (!idle_.empty() && book_.waiting() > 0) await_share();
}

// There are workers for those who have had their share once the others have been away for long enough.
void model_pool::await_share() {
  auto now = clock().now();
  auto next = shares_.next_change(now);
  if (!next || std::exchange(awaits_share_, true)) return;
  run_delayed(*next - now, [this] {
    awaits_share_ = false;
    dispatch();
  });
}

void model_pool::cancel(const caf::actor_addr& sink, std::uint64_t id) {
  if (auto* x = book_.find(sink, id)) drop(*x);
}

void model_pool::drop(attempt& x) {
  x.answered = true;
  if (!x.worker) return forget(x.ticket, "cancelled");
  send(caf::actor_cast<caf::actor>(x.worker), model_cancel_atom_v, x.ticket); // it will say that it is idle
}

void model_pool::on_idle(const caf::actor& worker, const model_worker_idle& news) {
  if (workers_.count(worker) == 0) return; // one that was given up
  if (news.ticket != 0) {
    deaths_ = 0;
    auto result = news.backend_failed      ? circuit_breaker::result::failure
                  : news.outcome == "done" ? circuit_breaker::result::success
                                           : circuit_breaker::result::neutral;
    forget(news.ticket, news.outcome, result);
  }
  idle_.push_back(worker);
  dispatch();
}

void model_pool::start_worker() {
  auto worker = make_worker_(this);
  monitor(worker);
  workers_.insert(worker);
}

caf::result<void> model_pool::vacate() {
  if (book_.size() == 0) return caf::unit;
  return waits_for_end_.emplace_back(make_response_promise<void>());
}

void model_pool::on_down(const caf::down_msg& msg) {
  auto is_source = [&msg](const caf::actor& x) { return x.address() == msg.source; };
  auto worker = std::find_if(workers_.begin(), workers_.end(), is_source);
  if (worker != workers_.end()) return replace_worker(*worker);
  for (auto ticket : book_.of_sink(msg.source)) drop(*book_.find(ticket));
}

void model_pool::replace_worker(caf::actor worker) {
  workers_.erase(worker);
  idle_.erase(std::remove(idle_.begin(), idle_.end(), worker), idle_.end());
  if (auto* x = book_.find_by_worker(worker.address())) {
    fail(*x,
         {code::unavailable, "unavailable", "a worker of model " + settings_.name + " died", 0, {}, 0, 0});
    forget(x->ticket, "worker_lost");
  }
  // At once after a worker that did well; ever later while they die without having ended an attempt.
  auto delay = deaths_ == 0 ? milliseconds{0} : restarts_.delay(deaths_ - 1, 0.5);
  ++deaths_;
  if (delay.count() == 0) return start_worker();
  run_delayed(delay, [this] { start_worker(); });
}

void model_pool::on_overdue(attempt& x) {
  auto waited = std::to_string(duration_cast<milliseconds>(clock().now() - x.arrived).count());
  if (!x.worker) {
    fail(x, {code::deadline,
             "deadline",
             "waited " + waited + " ms for a worker of model " + settings_.name,
             0,
             {},
             0,
             0});
    return forget(x.ticket, "expired");
  }
  fail(x, {code::deadline, "deadline", "a worker of model " + settings_.name + " hangs", 0, {}, 0, 0});
  auto worker = caf::actor_cast<caf::actor>(x.worker);
  demonitor(worker); // its thread may be busy for long: another takes its place now
  send_exit(worker, caf::exit_reason::kill);
  replace_worker(std::move(worker));
}

void model_pool::fail(attempt& x, refusal why) {
  if (!x.answered) send(x.what.sink, model_failed{x.what.id, std::move(why), true});
  x.answered = true;
}

void model_pool::turn_away(std::uint64_t ticket, refusal why, const std::string& outcome) {
  auto* x = book_.find(ticket);
  send(x->what.sink, model_failed{x->what.id, std::move(why), true, true});
  forget(ticket, outcome);
}

void model_pool::forget(std::uint64_t ticket, const std::string& outcome, circuit_breaker::result what) {
  auto x = book_.remove(ticket);
  if (!x) return;
  auto now = clock().now();
  metrics_.on_over(outcome);
  if (x->worker) shares_.on_ended(x->what.ns, now);
  auto sink = x->what.sink.address();
  if (!book_.knows_sink(sink)) demonitor(sink);
  breaker_.on_result(x->pass, what, now);
  note_breaker();
  if (book_.size() > 0) return;
  for (auto& promise : std::exchange(waits_for_end_, {})) promise.deliver();
}

// Tells of a change of state. What waits when the breaker opens goes to its fallback at once.
void model_pool::note_breaker() {
  if (breaker_.current() == breaker_state_) return;
  breaker_state_ = breaker_.current();
  metrics_.on_breaker(breaker_state_);
  spdlog::warn("model {}: the circuit breaker is {}", settings_.name, to_string(breaker_state_));
  if (breaker_state_ != circuit_breaker::state::open) return;
  for (auto ticket : book_.take_waiting()) turn_away(ticket, breaker_open(), "unavailable");
}

refusal model_pool::queue_full() {
  auto retry_after_ms = drain_.on_refused(clock().now(), settings_.queue_limit);
  return {code::too_many,
          "model_queue_full",
          "model " + settings_.name + " is full",
          retry_after_ms,
          "model",
          settings_.queue_limit,
          settings_.queue_limit};
}

refusal model_pool::breaker_open() {
  return {code::unavailable,
          "unavailable",
          "model " + settings_.name + " has failed too often and is left alone for a while",
          breaker_.retry_after_ms(clock().now()),
          {},
          0,
          0};
}

void model_pool::arm_timer() {
  auto next = book_.next_deadline();
  if (!next || (timer_at_ && *timer_at_ <= *next)) return;
  timer_at_ = next;
  run_delayed(*next - clock().now(), [this] { on_timer(); });
}

void model_pool::on_timer() {
  auto now = clock().now();
  if (timer_at_ && *timer_at_ <= now) timer_at_ = std::nullopt;
  for (auto ticket : book_.take_due(now))
    if (auto* x = book_.find(ticket)) on_overdue(*x);
  arm_timer();
}

} // namespace weir
