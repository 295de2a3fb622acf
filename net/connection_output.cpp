// What a connection sends: everything waits until the turn ends, then goes out in one write.

#include "net/connection.hpp"
#include "net/wire/encode.hpp"

#include <utility>

namespace weir {

void connection::reply(const std::string& text) {
  out_.control(wire::make_frame(text));
  mark_dirty();
}

/// @returns the id under which the log says what is not told.
std::string connection::log_error(const refusal& no) {
  return shared_->told_errors.note(no, ns_ + '/' + client_id_, clock().now());
}

void connection::refuse(const refusal& no, const wire::answered& what) {
  shared_->metrics.refused(no.reason);
  reply(wire::encode(no, what, log_error(no)));
}

/// The namespace has been asked for something.
/// @param no why it was not; then @param what names the request.
void connection::expect_answer(const refusal& no, const wire::answered& what) {
  if (no.refused()) return refuse(no, what);
  ++unanswered_;
}

/// It has answered.
void connection::on_answered() {
  if (unanswered_ > 0) --unanswered_;
  if (phase_ == phase::finishing) mark_dirty();
}

void connection::mark_dirty() {
  if (phase_ != phase::gone) unit().at_turn_end(*this);
}

bool connection::take_event(const delivery& what) {
  if (!access_->may_see(*what.what)) return true;
  if (!out_.data(what.frame ? what.frame : wire::encode_event(*what.what))) return false;
  ++shared_->tally.of_turn(unit()).deliveries;
  if (what.what->receipt == receipt_kind::delivered)
    relay_.port->tell(number_, delivery_report{0, what.what->event_id()});
  return true;
}

void connection::take_gap(std::uint64_t from, std::uint64_t to, std::string_view reason) {
  if (reason == "epoch") return tell_new_epoch(to);
  out_.marker(wire::make_frame(wire::encode_gap(from, to, reason)));
}

/// Nothing of the history up to here comes by itself; what the client knew of the one before is worth
/// nothing.
void connection::tell_new_epoch(std::uint64_t to) {
  if (phase_ != phase::open) return; // its welcome says so
  out_.marker(wire::make_frame(wire::encode_epoch_gap(to, epoch_, make_token(to))));
}

void connection::take_caught_up(std::uint64_t seq) {
  out_.marker(wire::make_frame(wire::encode_caught_up(seq)));
  if (std::exchange(counted_lagging_, false)) shared_->metrics.lagging->dec();
}

void connection::on_turn_end() {
  if (!socket_ || phase_ == phase::gone) return;
  if (phase_ == phase::open && out_.control_over_hard_bound()) {
    shared_->metrics.hung_up->inc();
    close(close_code::policy, "answers are not read");
  }
  if (phase_ == phase::finishing && !owes_answers()) begin_closing();
  if (phase_ == phase::closing) {
    finish_closing();
  } else {
    flush();
    if (phase_ == phase::open) read_log(); // there may be room now
    flush();
  }
  steer_reading();
  note_waiting(out_.bytes(), out_.frames());
}

void connection::note_waiting(std::uint64_t bytes, std::uint64_t frames) {
  if (bytes == noted_bytes_ && frames == noted_frames_) return;
  auto& turn = shared_->tally.of_turn(unit());
  turn.outbound_bytes += static_cast<std::int64_t>(bytes - std::exchange(noted_bytes_, bytes));
  turn.outbound_frames += static_cast<std::int64_t>(frames - std::exchange(noted_frames_, frames));
}

/// Reads the next slice when there is room for it and it is this connection's turn.
void connection::read_log() {
  if (feed_.current() == feed::state::reading) return;
  auto& gate = shared_->replays;
  if (!out_.data_low()) return gate.leave(*this);
  if (feed_.current() == feed::state::lagging && !gate.enter(*this, ns_)) return;
  auto what = feed_.on_room(*this);
  if (!what) return gate.leave(*this);
  what->client_id = client_id_;
  ++reads_;
  if (!relay_.port->read_log(number_, "l:" + std::to_string(reads_), std::move(*what)).refused()) return;
  feed_.on_read_failed();
  gate.leave(*this);
  retry_later();
}

void connection::on_replay_turn() { mark_dirty(); }

void connection::flush() {
  auto& frames = shared_->frames;
  while (!out_.writing()) {
    out_.take(frames);
    if (frames.empty()) break;
    shared_->tally.of_turn(unit()).frames_out += static_cast<std::int64_t>(frames.size());
    if (socket_->write(frames)) out_.written();
  }
  if (!out_.writing() && out_.empty()) confirm_written();
}

/// The answers that wait still go out; when they cannot, `on_time` closes all the same.
void connection::finish_closing() {
  if (out_.writing()) return;
  flush();
  if (!out_.writing() || out_.empty()) socket_->close(close_code_, close_reason_);
}

bool connection::wants_to_read() {
  if (phase_ == phase::closing) return true;
  if (meter_.exhausted(clock().now())) {
    reopen_later();
    return false;
  }
  return phase_ == phase::greeting
         || (phase_ == phase::open && (reading_ ? !out_.control_full() : out_.control_low()));
}

void connection::reopen_later() {
  if (!reopening_) reopening_ = std::make_unique<reopening>(*this);
  if (!reopening_->is_scheduled()) shared_->timers.schedule(*reopening_, timer_wheel::tick);
}

void connection::steer_reading() {
  auto wanted = wants_to_read();
  if (std::exchange(reading_, wanted) != wanted) socket_->set_reading(wanted);
}

} // namespace weir
