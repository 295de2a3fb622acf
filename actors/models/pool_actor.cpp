#include "actors/models/pool_actor.hpp"

#include <caf/actor_clock.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>

#include <algorithm>

namespace weir {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

model_pool::model_pool(caf::actor_config& cfg, model_config settings, worker_factory make_worker)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), make_worker_(std::move(make_worker)),
    metrics_(system(), settings_.name), book_(settings_.queue_limit) {}

caf::behavior model_pool::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (std::uint32_t i = 0; i < settings_.workers; ++i) start_worker();
  return {
      [this](permit& place, model_request& what) { enqueue_request(place, what); },
      [this](model_cancel_atom, std::uint64_t id) {
        cancel(caf::actor_cast<caf::actor_addr>(current_sender()), id);
      },
      [this](const model_worker_idle& news) { on_idle(caf::actor_cast<caf::actor>(current_sender()), news); },
  };
}

void model_pool::on_exit() {
  for (auto& x : workers_) send_exit(x, caf::exit_reason::user_shutdown);
  workers_.clear(); // they hold this actor, and the book holds places in the inbox
  idle_.clear();
  book_ = attempt_book{0};
}

void model_pool::enqueue_request(permit& place, model_request& what) {
  if (!what.sink) return; // nobody would hear the answer
  auto is_new = !book_.knows_sink(what.sink.address());
  attempt x;
  x.arrived = clock().now();
  auto timeout_ms =
      what.timeout_ms > 0 ? std::min(what.timeout_ms, settings_.timeout_ms) : settings_.timeout_ms;
  x.deadline = x.arrived + milliseconds{timeout_ms};
  x.what = std::move(what);
  x.place = std::move(place);
  auto* added = book_.add(x);
  if (added == nullptr) // it came without a permit, so nobody has refused it yet
    return fail(x, {code::too_many, "model_queue_full", "model " + settings_.name + " is full", 1000, "model",
                    book_.waiting(), settings_.queue_limit});
  if (is_new) monitor(added->what.sink);
  dispatch();
  arm_timer();
}

void model_pool::dispatch() {
  while (!idle_.empty() && book_.waiting() > 0) {
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    auto& x = *book_.start_next(worker.address());
    auto now = clock().now();
    metrics_.on_started(now - x.arrived);
    book_.set_deadline(x.ticket, x.deadline + worker_grace);
    // Rounded up: the caller's own deadline is never later than the worker's.
    x.what.timeout_ms = std::max(std::chrono::ceil<milliseconds>(x.deadline - now), milliseconds{1}).count();
    auto queued_ms = duration_cast<milliseconds>(now - x.arrived).count();
    send(worker, model_assignment{x.ticket, queued_ms, x.what});
    x.what.messages.clear(); // the worker has them now
  }
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
    forget(news.ticket, news.outcome);
  }
  idle_.push_back(worker);
  dispatch();
}

void model_pool::start_worker() {
  auto worker = make_worker_(this);
  monitor(worker);
  workers_.insert(worker);
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

void model_pool::forget(std::uint64_t ticket, const std::string& outcome) {
  auto x = book_.remove(ticket);
  if (!x) return;
  metrics_.on_over(outcome, clock().now() - x->arrived);
  auto sink = x->what.sink.address();
  if (!book_.knows_sink(sink)) demonitor(sink);
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
