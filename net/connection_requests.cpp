// What a client asks for: one overload of `on_frame` for each kind of frame.

#include "net/connection.hpp"

#include "actors/core/client_id.hpp"
#include "actors/core/random_id.hpp"
#include "actors/core/stage_metrics.hpp"
#include "net/wire/decode.hpp"
#include "net/wire/encode.hpp"
#include "net/wire/field_reader.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

constexpr double hint_pressure = 0.75; // of the rate's burst; then the client is told to slow down
constexpr double relief_pressure = 0.5;

wire::answered named(const wire::hello&) { return {}; }
wire::answered named(const wire::publish& x) { return {x.message_id, {}, {}}; }
wire::answered named(const wire::subscribe& x) { return {{}, x.id, {}}; }
wire::answered named(const wire::unsubscribe& x) { return {{}, x.id, {}}; }
wire::answered named(const wire::call& x) { return {x.message_id, {}, {}}; }
wire::answered named(const wire::ack&) { return {}; }
wire::answered named(const wire::nack&) { return {}; }
wire::answered named(const wire::history& x) { return {{}, x.id, {}}; }
wire::answered named(const wire::presence& x) { return {{}, x.id, {}}; }
wire::answered named(const wire::cancel& x) { return {{}, {}, x.run_id}; }
wire::answered named(const wire::watch& x) { return {{}, {}, x.run_id}; }
wire::answered named(const wire::unwatch& x) { return {{}, {}, x.run_id}; }
wire::answered named(const wire::delta& x) { return {{}, {}, x.run_id}; }
wire::answered named(const wire::result& x) { return {{}, {}, x.run_id}; }
wire::answered named(const wire::authenticate& x) { return {{}, x.id, {}}; }
wire::answered named(const wire::ping& x) { return {{}, x.id, {}}; }

wire::answered named(const wire::client_frame& frame) {
  return std::visit([](auto& x) { return named(x); }, frame);
}

} // namespace

void connection::on_text(std::string_view text) {
  if (!is_live()) return;
  ++shared_->tally.of_turn(unit()).frames_in;
  auto now = clock().now();
  shared_->read_at_ns = stage_time(now);
  auto retry_after_ms = phase_ == phase::greeting ? 0 : meter_.take(now); // bad greetings are strikes
  auto decoded = wire::decode(text);
  auto no = std::get_if<wire::rejected>(&decoded);
  if (no == nullptr)
    handle(std::get<wire::client_frame>(decoded), retry_after_ms);
  else
    reject(*no);
  if (socket_) steer_reading(); // before the next frame is read
}

/// It is answered by the transport, or not at all, so it is only counted.
void connection::on_overhead() {
  if (!is_live()) return;
  meter_.take(clock().now());
  if (socket_) steer_reading();
}

void connection::reject(const wire::rejected& x) {
  refuse(x.no, x.what);
  if (x.no.status != code::bad_request || !strikes_.add(clock().now())) return;
  shared_->metrics.hung_up->inc();
  close(close_code::policy, "too many bad frames");
}

void connection::handle(wire::client_frame& frame, std::int64_t retry_after_ms) {
  if (phase_ == phase::denied) return; // whatever it says, the answer is on its way
  auto greets = std::holds_alternative<wire::hello>(frame);
  if (greets && phase_ != phase::greeting)
    return reject({refusal::bad_field("op: there has been a hello already"), {}});
  if (!greets && phase_ != phase::open)
    return reject({refusal::bad_field("op: a hello must come first"), named(frame)});
  if (!is_within_rate(frame, retry_after_ms)) return;
  if (!greets)
    if (auto err = access_->check(frame); err.refused()) return refuse(err, named(frame));
  std::visit([this](auto& x) { on_frame(x); }, frame);
}

/// Who the client is, in which namespace, with which rights. Fills in what the frame leaves to the token.
std::optional<refusal> connection::admit(wire::hello& x) {
  auto now_ms = shared_->wall_clock_ms();
  auto who = std::exchange(identity_, nullptr);
  if (!who || !x.token.empty()) {
    auto identified = shared_->authentication->identify(x.token, now_ms);
    if (auto* err = std::get_if<refusal>(&identified)) return std::move(*err);
    who = std::get<identity_ptr>(std::move(identified));
  }
  if (x.ns.empty()) x.ns = shared_->authentication->namespace_of(*who);
  if (x.ns.empty()) return refusal::bad_field("namespace: is missing");
  if (!shared_->authentication->may_enter(*who, x.ns))
    return refusal{code::forbidden, "forbidden", "namespace: no right to enter " + x.ns, 0, {}, 0, 0};
  if (!who->client_id.empty())
    x.client_id = who->client_id;
  else if (shared_->authentication->is_required())
    x.client_id = anonymous_id(x);
  if (x.client_id.empty()) return refusal::bad_field("client_id: is missing");
  if (!who->may.meta.empty()) x.meta = who->may.meta;
  access_ = std::make_unique<client_access>(who, x.client_id, clock().now(), now_ms);
  return std::nullopt;
}

/// Of a client without a token: that of the session which it resumes, else a new one.
std::string connection::anonymous_id(const wire::hello& x) {
  if (!x.session.empty() && shared_->signer)
    if (auto claims = shared_->signer->verify(x.session, shared_->wall_clock_ms());
        claims && claims->ns == x.ns && is_anonymous_client(claims->client_id))
      return claims->client_id;
  return "anon:" + random_id();
}

/// The answer is slow, so that guessing is. When the keys have been fetched anew until then, the token is
/// looked at once more.
void connection::deny(refusal err, wire::hello x) {
  denied_version_ = shared_->authentication->keys_version();
  hello_ = std::make_unique<wire::hello>(std::move(x));
  denial_ = std::make_unique<refusal>(std::move(err));
  phase_ = phase::denied;
  shared_->timers.schedule(*this, denial_delay);
}

bool connection::is_within_rate(const wire::client_frame& frame, std::int64_t retry_after_ms) {
  if (retry_after_ms > 0) {
    refuse({code::too_many, "rate", "more frames than publish_per_s and burst allow", retry_after_ms,
            "connection", meter_.used(), meter_.burst()},
           named(frame));
    return false;
  }
  hint_at_rate();
  return true;
}

void connection::hint_at_rate() {
  if (meter_.pressure() < relief_pressure) hinted_ = false;
  if (meter_.pressure() < hint_pressure || std::exchange(hinted_, true)) return;
  auto pace_ms = static_cast<std::int64_t>(1000 / std::max<std::uint64_t>(meter_.rate_per_s(), 1));
  reply(wire::encode_slow_down(meter_.pressure(), std::max<std::int64_t>(pace_ms, 1)));
}

void connection::on_frame(wire::hello& x) {
  if (shared_->draining) return refuse_draining();
  if (auto err = admit(x)) {
    if (err->status == code::bad_request) return reject({std::move(*err), {}});
    return deny(std::move(*err), std::move(x));
  }
  enter(std::move(x));
}

/// Into the namespace that it may enter.
void connection::enter(wire::hello x) {
  auto entered = shared_->gate.enter(x.ns, shared_->bounds->of(x.ns).connections);
  if (auto* no = std::get_if<refusal>(&entered)) {
    refuse(*no);
    return close(close_code::try_again, no->reason);
  }
  shared_->metrics.connections->inc();
  ns_ = std::move(x.ns);
  use_limits();
  answer_bytes_ = std::clamp<std::uint64_t>(limits_->outbound_bytes / 2, 1024, 1024 * 1024);
  histories_ = history_reads{answer_bytes_};
  client_id_ = std::move(x.client_id);
  meta_ = std::move(x.meta);
  hello_ = std::make_unique<wire::hello>(std::move(x));
  relay_ = std::get<relay_handle>(std::move(entered));
  phase_ = phase::attaching;
  monitor(relay_.actor);
  number_ = relay_.port->join(*this);
  if (phase_ == phase::opening) open_session();
}

void connection::on_frame(wire::publish& x) {
  publish_request out;
  auto own = x.as.empty() || x.as == client_id_;
  out.type = std::move(x.type);
  out.client_id = own ? client_id_ : x.as;
  out.message_id = x.message_id;
  out.to = std::move(x.to);
  out.data = std::move(x.data);
  out.ephemeral = x.ephemeral;
  out.prev_event_id = std::move(x.prev_event_id);
  out.receipt = x.receipt;
  out.read_at_ns = shared_->read_at_ns;
  auto no = relay_.port->publish(number_, own ? "p:" + x.message_id : "a:" + x.as + '/' + x.message_id,
                                 std::move(out));
  expect_answer(no, named(x));
}

void connection::on_frame(wire::call& x) {
  call_request out;
  out.target = std::move(x.target);
  out.client_id = client_id_;
  out.message_id = x.message_id;
  out.input = std::move(x.input);
  out.timeout_ms = x.timeout_ms;
  out.prev_event_id = std::move(x.prev_event_id);
  out.caller.stream = x.stream;
  out.thread = std::move(x.thread);
  out.on_busy = x.on_busy;
  out.cancel_on_disconnect = x.cancel_on_disconnect;
  out.read_at_ns = shared_->read_at_ns;
  auto no = relay_.port->call(number_, "c:" + x.message_id, std::move(out));
  expect_answer(no, named(x));
  if (no.refused()) return;
  note_run(client_id_ + '/' + x.message_id, x.stream, x.cancel_on_disconnect, 0);
}

/// It is asked for again when the namespace goes on elsewhere.
void connection::note_run(const std::string& run_id, bool stream, bool tied, std::uint64_t at) {
  if (!runs_.ask(run_id, stream, tied, at)) shared_->metrics.runs_not_followed->inc();
}

void connection::on_frame(wire::cancel& x) {
  auto no = relay_.port->cancel(number_, "x:" + x.run_id, x.run_id);
  expect_answer(no, named(x));
}

void connection::on_frame(wire::watch& x) {
  auto no = relay_.port->watch(number_, "v:" + x.run_id, x.run_id, x.at);
  expect_answer(no, named(x));
  if (no.refused()) return;
  await_answer();
  note_run(x.run_id, true, false, x.at);
}

void connection::on_frame(wire::unwatch& x) {
  auto no = relay_.port->unwatch(number_, "x:" + x.run_id, x.run_id);
  expect_answer(no, named(x));
  if (no.refused()) return;
  runs_.on_over(x.run_id);
}

void connection::on_frame(wire::delta& x) {
  worker_delta out;
  out.run_id = x.run_id;
  out.at = x.at.value_or(worker_delta::append);
  out.text = std::move(x.text);
  auto no = relay_.port->work(number_, "x:" + x.run_id, std::move(out));
  expect_answer(no, named(x));
}

void connection::on_frame(wire::result& x) {
  worker_result out;
  out.run_id = x.run_id;
  out.output = std::move(x.output);
  out.failed = x.error.has_value();
  out.message = x.error.value_or("");
  out.usage = x.usage;
  auto no = relay_.port->work(number_, "x:" + x.run_id, std::move(out));
  expect_answer(no, named(x));
}

/// The same client, with a token that is newer: its rights are in force at once.
void connection::on_frame(wire::authenticate& x) {
  auto now_ms = shared_->wall_clock_ms();
  auto identified = shared_->authentication->identify(x.token, now_ms);
  if (auto* err = std::get_if<refusal>(&identified)) return refuse(*err, {{}, x.id, {}});
  auto& who = std::get<identity_ptr>(identified);
  if (who->client_id.empty())
    return refuse(refusal::bad_field("op: there is no authentication here"), {{}, x.id, {}});
  if (who->client_id != client_id_ || !shared_->authentication->may_enter(*who, ns_))
    return refuse({code::forbidden, "forbidden", "token: is of another client or namespace", 0, {}, 0, 0},
                  {{}, x.id, {}});
  access_ = std::make_unique<client_access>(who, client_id_, clock().now(), now_ms);
  reply(wire::encode_authenticated(x.id, access_->expires_in_ms(clock().now())));
  for (auto i = subscriptions_.begin(); i != subscriptions_.end();) {
    auto spec = (i++)->second.spec; // ending it takes it out
    if (auto err = access_->check_subscription(spec.pattern, spec.queue); err.refused())
      end_subscription(spec, err);
  }
  schedule_next();
}

void connection::on_frame(wire::ping& x) { reply(wire::encode_pong(x.id)); }

} // namespace weir
