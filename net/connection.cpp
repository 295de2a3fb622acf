#include "net/connection.hpp"

#include "net/wire/encode.hpp"

#include <caf/behavior.hpp>
#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr std::chrono::milliseconds close_timeout{2000};  // for the last answers to be written
constexpr std::chrono::milliseconds answer_timeout{1000}; // for those that the namespace owes
constexpr std::chrono::milliseconds read_retry{100};

} // namespace

connection::connection(caf::actor_config& cfg, io_unit& unit, std::shared_ptr<connection_context> shared,
                       std::shared_ptr<transport> socket, std::function<void()> hello_done)
  : io_actor(cfg, unit), shared_(std::move(shared)), limits_(&shared_->bounds->of_node()),
    socket_(std::move(socket)), hello_done_(std::move(hello_done)),
    out_(limits_->outbound_bytes, limits_->outbound_frames),
    meter_(limits_->publish_per_s, limits_->burst, clock().now()), strikes_(max_strikes, strike_window) {
  shared_->connections.insert(this);
  shared_->timers.schedule(*this, shared_->hello_timeout);
}

caf::behavior connection::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) {
    // What was in hand is lost with it. Events are taken once, so the client may send them again.
    if (relay_.actor && relay_.actor.address() == msg.source)
      close(close_code::internal, "the relay failed: connect again");
  });
  return {[this](tick_atom) {
    retrying_ = false;
    mark_dirty();
  }};
}

void connection::on_exit() {
  if (socket_ && phase_ != phase::gone) {
    if (drained_ != nullptr && phase_ == phase::open) drained_ = "deadline";
    socket_->close(close_code::going_away, "the node stops");
  }
  release();
  socket_ = nullptr; // it holds on to this as this does to it
}

// -- the socket

void connection::on_writable() {
  out_.written();
  mark_dirty();
}

void connection::on_pong() {
  unanswered_pings_ = 0;
  on_overhead();
}

void connection::on_peer_close() { close(close_code::normal, {}); }

void connection::on_closed(std::uint16_t, const std::string&) {
  release();
  socket_ = nullptr;
  caf::anon_send_exit(this, caf::exit_reason::user_shutdown);
}

void connection::close(close_code code, std::string reason) {
  if (!is_live()) return;
  settle_hello();
  close_code_ = code;
  close_reason_ = std::move(reason);
  shared_->replays.leave(*this);
  if (phase_ != phase::open || !owes_answers() || code == close_code::internal) return begin_closing();
  phase_ = phase::finishing;
  shared_->timers.schedule(*this, answer_timeout);
  mark_dirty();
}

void connection::begin_closing() {
  phase_ = phase::closing;
  shared_->timers.schedule(*this, close_timeout);
  mark_dirty();
}

void connection_context::use_limits(limits_ptr next) {
  auto before = std::exchange(bounds, std::move(next)); // until nobody points into it
  for (auto* x : connections) x->use_limits();
}

void connection::use_limits() {
  auto& bounds = *shared_->bounds;
  limits_ = ns_.empty() ? &bounds.of_node() : &bounds.of(ns_);
  out_.set_bounds(limits_->outbound_bytes, limits_->outbound_frames);
  auto rate = limits_->publish_per_s;
  auto burst = limits_->burst;
  if (auto own = access_ ? access_->may().limits.publish_per_s : 0; own > 0 && own < rate) {
    rate = own; // of its token
    burst = std::min(burst, rate);
  }
  meter_.set(rate, burst);
}

// -- drain

void connection::drain(std::int64_t delay_ms) {
  if (!is_live() || drained_ != nullptr) return;
  if (phase_ != phase::open) return refuse_draining();
  drained_ = "left";
  shared_->metrics.draining->inc();
  reply(wire::encode_drain(delay_ms, "shutdown"));
}

void connection::refuse_draining() {
  refuse({code::unavailable, "draining", "the node stops: connect again, elsewhere", shared_->come_again_ms(),
          "node", 0, 0});
  close(close_code::try_again, "draining");
}

// -- the end

void connection::release() {
  if (phase_ == phase::gone) return;
  settle_hello();
  if (drained_ != nullptr) {
    shared_->metrics.draining->dec();
    shared_->metrics.drained(drained_);
  }
  if (std::exchange(counted_lagging_, false)) shared_->metrics.lagging->dec();
  phase_ = phase::gone;
  note_waiting(0, 0);
  shared_->metrics.history_reads->dec(static_cast<std::int64_t>(histories_.size()));
  unit().forget(*this);
  shared_->timers.cancel(*this);
  reopening_ = nullptr;
  shared_->replays.leave(*this);
  shared_->connections.erase(this);
  if (relay_.port == nullptr) return;
  relay_.port->leave(number_);
  demonitor(relay_.actor);
  relay_ = {};
  shared_->gate.leave(ns_);
  shared_->metrics.connections->dec();
}

void connection::settle_hello() {
  if (auto done = std::exchange(hello_done_, nullptr)) done();
}

// -- time

void connection::on_time() {
  switch (phase_) {
  case phase::greeting:
    shared_->metrics.hung_up->inc();
    return close(close_code::policy, "no hello in time");
  case phase::denied:
    return end_denial();
  case phase::attaching:
  case phase::opening:
    return close(close_code::try_again, "the namespace was not reached in time");
  case phase::open:
    look_at_token();
    if (phase_ == phase::open && clock().now() >= next_heartbeat_) heartbeat();
    if (phase_ == phase::open) schedule_next();
    return;
  case phase::finishing:
    return begin_closing();
  case phase::closing:
    if (socket_) socket_->close(close_code_, close_reason_); // its client does not read
    return;
  case phase::gone:
    return;
  }
}

void connection::end_denial() {
  auto err = std::move(denial_);
  auto said = std::exchange(hello_, nullptr);
  if (denied_version_ != shared_->authentication->keys_version()) {
    auto again = admit(*said);
    phase_ = phase::greeting;
    if (!again) return enter(std::move(*said));
    *err = std::move(*again);
  }
  refuse(*err);
  close(close_code::policy, err->reason);
}

/// The next heartbeat, or what the token's end asks for before.
void connection::schedule_next() {
  auto next = std::min(next_heartbeat_, access_->next_look());
  auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(next - clock().now());
  shared_->timers.schedule(*this, std::max(delay, std::chrono::milliseconds{0}));
}

void connection::look_at_token() {
  auto now = clock().now();
  if (access_->has_expired(now)) {
    refuse({code::unauthenticated, "token_expired", "the token has expired", 0, {}, 0, 0});
    return close(close_code::policy, "token_expired");
  }
  if (access_->take_warning(now)) reply(wire::encode_token_expiring(access_->expires_in_ms(now)));
}

void connection::heartbeat() {
  if (unanswered_pings_ >= max_unanswered_pings) {
    shared_->metrics.hung_up->inc();
    return close(close_code::policy, "two pings were not answered");
  }
  ++unanswered_pings_;
  socket_->ping();
  next_heartbeat_ = clock().now() + shared_->heartbeat;
}

void connection::retry_later() {
  if (std::exchange(retrying_, true)) return;
  delayed_send(this, read_retry, tick_atom_v);
}

// -- what the relay says

void connection::on_attached(const attached& info) {
  if (!is_live()) return;
  if (info.no.refused()) {
    refuse(info.no);
    return close(close_code::try_again, info.no.reason);
  }
  epoch_ = info.epoch;
  if (!feed_.on_attached(info.epoch, info.seq, *this)) on_new_epoch(info.seq);
  ++reads_; // what was asked before is not answered any more
  if (phase_ == phase::attaching) phase_ = phase::opening;
  if (number_ > 0) open_session(); // else `join` is still under way
  mark_dirty();
}

void connection::on_deliveries(std::span<const delivery> run) {
  if (phase_ != phase::open) return;
  auto dropped = feed_.ephemeral_dropped();
  for (auto& what : run) {
    auto seq = feed_.on_push(what, *this);
    if (!seq) continue;
    out_.marker(wire::make_frame(wire::encode_lagging(*seq)));
    if (!std::exchange(counted_lagging_, true)) shared_->metrics.lagging->inc();
  }
  if (auto now = feed_.ephemeral_dropped(); now > dropped)
    shared_->metrics.ephemeral_dropped->inc(static_cast<std::int64_t>(now - dropped));
  mark_dirty();
}

void connection::on_left_out(const link_resumed& what) {
  if (phase_ != phase::open) return; // `resume` begins behind it
  feed_.on_left_out(what);
  mark_dirty();
}

void connection::on_answer(const std::string& reference, const answer& what) {
  if (!takes_answers()) return;
  if (reference[0] != 'l' && reference[0] != 'h') on_answered();
  auto id = reference.substr(2);
  switch (reference[0]) {
  case 'p':
    if (what.no.refused()) return refuse(what.no, {id, {}, {}});
    return reply(wire::encode_published(client_id_, id, what.seq, what.duplicate));
  case 'a': // published as another: the id names it
    if (what.no.refused()) return refuse(what.no, {id.substr(id.find('/') + 1), {}, {}});
    return reply(wire::encode_published(std::string_view{id}.substr(0, id.find('/')),
                                        id.substr(id.find('/') + 1), what.seq, what.duplicate));
  case 'c':
    return on_called(id, what);
  case 'v':
    on_awaited();
    what.no.refused() ? runs_.on_refused(id) : runs_.on_accepted(id, 0);
    [[fallthrough]];
  case 'x':
    if (what.no.refused()) return refuse(what.no, {{}, {}, id});
    return reply(wire::encode_run_ok(id, 0, false));
  case 's':
    return on_subscribed(id, what);
  case 'u':
    return on_unsubscribed(id, what);
  case 'h':
    if (auto read = take_history(std::stoull(id))) refuse(what.no, {{}, read->id, {}});
    return;
  case 'w':
    on_awaited();
    return refuse(what.no, {{}, id, {}});
  case 'l':
    if (id != std::to_string(reads_)) return;
    feed_.on_read_failed();
    shared_->replays.leave(*this);
    return retry_later();
  }
}

void connection::on_called(const std::string& message_id, const answer& what) {
  auto run_id = client_id_ + '/' + message_id;
  what.no.refused() ? runs_.on_refused(run_id) : runs_.on_accepted(run_id, what.seq);
  if (what.no.refused()) return refuse(what.no, {message_id, {}, {}});
  reply(wire::encode_run_ok(run_id, what.seq, what.duplicate));
}

void connection::on_log_slice(const std::string& reference, const log_slice& what) {
  if (phase_ != phase::open && phase_ != phase::finishing) return;
  if (reference[0] == 'h') {
    if (auto number = std::stoull(reference.substr(2)); histories_.on_slice(number, what))
      read_history(number);
    return;
  }
  if (phase_ != phase::open || reference != "l:" + std::to_string(reads_)) return;
  feed_.on_slice(what, *this);
  shared_->replays.leave(*this);
  mark_dirty();
}

void connection::on_run_update(const run_update& what) {
  if (!is_live()) return;
  if (what.finished) {
    runs_.on_over(what.result.run_id);
    out_.result(what.result.run_id,
                wire::make_frame(wire::encode(what.result, log_error(what.result.error))));
  } else {
    runs_.on_delta(what.delta);
    out_.delta(what.delta);
  }
  mark_dirty();
}

} // namespace weir
