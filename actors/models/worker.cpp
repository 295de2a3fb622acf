#include "actors/models/worker.hpp"

#include <caf/actor_clock.hpp>
#include <caf/behavior.hpp>

namespace weir {

namespace {

refusal describe(attempt_watch::verdict what, const attempt_limits& limits, const std::string& model) {
  auto text = [&model](const char* did, std::int64_t ms) {
    return "model " + model + did + std::to_string(ms) + " ms";
  };
  switch (what) {
  case attempt_watch::verdict::no_first_piece:
    return {code::unavailable, "unavailable", text(" said nothing for ", limits.first_piece_ms), 0, {}, 0, 0};
  case attempt_watch::verdict::stalled:
    return {code::unavailable, "unavailable", text(" stalled for ", limits.stall_ms), 0, {}, 0, 0};
  default:
    return {code::deadline, "deadline", text(" did not finish within ", limits.total_ms), 0, {}, 0, 0};
  }
}

void stop(caf::disposable& timer) {
  if (timer) timer.dispose();
  timer = {};
}

} // namespace

model_worker::model_worker(caf::actor_config& cfg, io_unit& unit, caf::actor pool, model_config settings,
                           std::shared_ptr<backend_slot> slot)
  : io_actor(cfg, unit), pool_(std::move(pool)), settings_(std::move(settings)), slot_(std::move(slot)) {}

caf::behavior model_worker::make_behavior() {
  backend_ = slot_->current.lock();
  if (!backend_) slot_->current = backend_ = slot_->make();
  send(pool_, model_worker_idle{});
  return {
      [this](model_assignment& work) { begin(work); },
      [this](model_cancel_atom, std::uint64_t ticket) { cancel(ticket); },
  };
}

void model_worker::on_exit() {
  call_.reset(); // here and not in the destructor, which any thread may run
  stop(limit_timer_);
  stop(flush_timer_);
  backend_.reset();
  sink_ = nullptr;
  pool_ = nullptr;
}

void model_worker::begin(model_assignment& work) {
  ticket_ = work.ticket;
  id_ = work.what.id;
  queued_ms_ = work.queued_ms;
  sink_ = work.what.sink;
  buffer_ = {};
  limits_ = {{work.what.timeout_ms, settings_.first_piece_timeout_ms, settings_.stall_timeout_ms},
             clock().now()};
  watch();
  send(sink_, model_piece{id_, {}, queued_ms_});
  call_ = backend_->start(work.what,
                          {[this](std::string text) { on_piece(text); },
                           [this](answer_end end) { on_done(std::move(end)); },
                           [this](refusal error, bool retryable) { on_failed(std::move(error), retryable); }},
                          *this);
}

void model_worker::cancel(std::uint64_t ticket) {
  if (ticket == ticket_ && ticket != 0) finish("cancelled");
}

void model_worker::on_piece(const std::string& text) {
  auto now = clock().now();
  limits_.on_piece(now);
  watch();
  send_text(buffer_.add(text, now));
  schedule_flush();
}

void model_worker::on_done(answer_end end) {
  send_text(buffer_.drain());
  send(sink_, model_done{id_, std::move(end)});
  finish("done");
}

void model_worker::on_failed(refusal error, bool retryable) {
  send_text(buffer_.drain()); // what has come is not lost: another model can go on from there
  auto fault = retryable && error.status != code::too_many; // a 429 is a server that works, and is busy
  send(sink_, model_failed{id_, std::move(error), retryable});
  finish("failed", fault);
}

void model_worker::watch() {
  auto next = limits_.next_check();
  if (next == attempt_watch::time_point::max() || (limit_timer_ && limit_timer_at_ <= next)) return;
  stop(limit_timer_);
  limit_timer_at_ = next;
  auto ticket = ticket_;
  limit_timer_ = run_delayed(next - clock().now(), [this, ticket] {
    if (ticket == ticket_) check_limits();
  });
}

void model_worker::check_limits() {
  limit_timer_ = {};
  auto what = limits_.check(clock().now());
  if (what == attempt_watch::verdict::in_time) return watch();
  send_text(buffer_.drain());
  send(sink_, model_failed{id_, describe(what, limits_.limits(), settings_.name), true});
  finish("timeout", is_backends_fault(what));
}

// A caller that gives a call little time says nothing about the backend, nor does an answer that is long.
bool model_worker::is_backends_fault(attempt_watch::verdict what) const {
  if (what != attempt_watch::verdict::deadline) return true;
  auto usual_ms = settings_.attempt_timeout_ms > 0 ? settings_.attempt_timeout_ms : settings_.timeout_ms;
  return !limits_.streaming() && limits_.limits().total_ms >= usual_ms / 2;
}

void model_worker::schedule_flush() {
  auto due = buffer_.due();
  if (!due || flush_timer_) return;
  auto ticket = ticket_;
  flush_timer_ = run_delayed(*due - clock().now(), [this, ticket] {
    if (ticket != ticket_) return;
    flush_timer_ = {};
    send_text(buffer_.flush(clock().now()));
  });
}

void model_worker::send_text(std::string text) {
  if (!text.empty()) send(sink_, model_piece{id_, std::move(text), queued_ms_});
}

void model_worker::finish(const char* outcome, bool backend_failed) {
  call_.reset();
  stop(limit_timer_);
  stop(flush_timer_);
  sink_ = nullptr;
  send(pool_, model_worker_idle{std::exchange(ticket_, 0), outcome, backend_failed});
}

} // namespace weir
