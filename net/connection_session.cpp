// A client's session: how it begins or goes on, what it is subscribed to, and what it acknowledges.

#include "net/connection.hpp"
#include "net/wire/encode.hpp"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

refusal unknown_subscription() {
  return {code::not_found, "unknown_subscription", "id: there is no subscription of this id", 0, {}, 0, 0};
}

/// A reference's number and the id behind it.
std::pair<std::uint64_t, std::string> split(const std::string& reference) {
  auto colon = reference.find(':');
  return {std::stoull(reference.substr(0, colon)), reference.substr(colon + 1)};
}

} // namespace

// -- the session

/// Asks for the session that the client names, for a new one, or, after the namespace was restarted, for the
/// one that is going on.
void connection::open_session() {
  session_open what;
  what.client_id = client_id_;
  what.meta = meta_;
  if (phase_ == phase::open) {
    what.session = session_;
    what.reattached = true;
    what.attached_ms = attached_ms_;
    for (auto& [id, x] : subscriptions_)
      if (x.active) what.subscriptions.push_back(x.spec);
  } else if (!hello_->session.empty() && shared_->signer) {
    // A token that is not good is as one that was never seen: the client begins anew.
    auto claims = shared_->signer->verify(hello_->session, shared_->wall_clock_ms());
    if (claims && claims->ns == ns_ && claims->client_id == client_id_) {
      what.session = claims->session;
      what.told_epoch = claims->epoch;
      what.told_seq = claims->seq;
    }
  }
  if (phase_ != phase::open) at_epoch_ = hello_->epoch.empty() ? what.told_epoch : hello_->epoch;
  relay_.port->open_session(number_, std::move(what));
}

void connection::on_session_opened(const session_opened& what) {
  if (!is_live()) return;
  if (what.no.reason == session_taken_over) return on_taken_over();
  if (what.no.refused()) {
    refuse(what.no);
    return close(close_code::try_again, what.no.reason);
  }
  attached_ms_ = what.attached_ms;
  if (phase_ == phase::opening) return welcome(what);
  session_ = what.session;
  follow_runs();
}

/// The namespace is another actor now, which knows of the runs and not of who waits for them.
void connection::follow_runs() {
  runs_.for_each_accepted([this](const std::string& run_id, const open_runs::run& x) {
    relay_.port->follow(number_, run_id, x.seq, x.stream, x.tied, x.at);
  });
}

/// The namespace's history is another one than that of which the client was told.
void connection::on_new_epoch(std::uint64_t seq) {
  runs_.forget_places();
  for (auto& [id, x] : subscriptions_)
    if (x.active) x.spec.since = seq;
  for (auto& x : histories_.take_all()) { // half of it would be of the one before
    shared_->metrics.history_reads->dec();
    refuse({code::unavailable, "unavailable", "the history has begun anew", 100, {}, 0, 0}, {{}, x.id, {}});
  }
}

std::string connection::make_token(std::uint64_t seq) const {
  if (!shared_->signer || session_.empty()) return {};
  return shared_->signer->sign(
      {ns_, client_id_, session_, shared_->wall_clock_ms() + token_life_ms, epoch_, seq});
}

void connection::welcome(const session_opened& what) {
  session_ = what.session;
  auto other_history = !at_epoch_.empty() && at_epoch_ != what.epoch;
  auto last_seq = hello_->last_seq.value_or(what.seq);
  // The log still has all that came after what the client has had.
  auto recovered = what.resumed && !other_history && last_seq <= what.seq && last_seq + 1 >= what.first_kept;
  wire::welcome out;
  out.ns = ns_;
  out.client_id = client_id_;
  out.session = make_token(what.seq);
  out.session_ttl_ms = what.ttl_ms;
  out.recovered = recovered;
  out.epoch = what.epoch;
  out.seq = what.seq;
  out.node = shared_->node_name;
  out.heartbeat_ms = shared_->heartbeat.count();
  out.max_frame_bytes = limits_->frame_bytes;
  out.publish_per_s = meter_.rate_per_s();
  out.burst = meter_.burst();
  phase_ = phase::open;
  reply(wire::encode(out));
  resume(what, other_history);
  if (other_history || last_seq > what.seq)
    take_gap(1, what.seq, "epoch"); // the client has had what this history does not have
  else if (!what.resumed && last_seq < what.seq)
    take_gap(last_seq + 1, what.seq, "trimmed"); // its subscriptions are gone
  relay_.port->tell(number_, session_welcomed{});
  hello_.reset();
  settle_hello();
  next_heartbeat_ = clock().now() + shared_->heartbeat;
  schedule_next();
}

/// Takes the subscriptions up again. What came since is read from the log.
void connection::resume(const session_opened& what, bool other_history) {
  auto otherwise = what.acked > 0 ? what.acked : what.seq;
  auto from = what.resumed && !other_history ? hello_->last_seq.value_or(otherwise) : what.seq;
  for (auto& spec : what.subscriptions) {
    if (auto err = access_->check_subscription(spec.pattern, spec.queue); err.refused()) {
      end_subscription(spec, err);
      continue;
    }
    auto& x = subscriptions_[spec.id] = {spec, 0, true};
    if (!spec.queue.empty()) continue;
    relay_.port->subscribe(number_, x.spec.pattern);
    feed_.add(x.spec.pattern, spec.since, what.seq);
  }
  feed_.resume(std::min(from, what.seq), what.seq);
}

// -- subscriptions

/// Ends one that the client may not have any more.
void connection::end_subscription(const subscription_spec& spec, const refusal& err) {
  auto id = spec.id;
  refuse(err, {{}, id, {}});
  auto i = subscriptions_.find(id);
  if (i != subscriptions_.end() && i->second.active && spec.queue.empty()) {
    relay_.port->unsubscribe(number_, i->second.spec.pattern);
    feed_.remove(i->second.spec.pattern);
  }
  if (i != subscriptions_.end()) subscriptions_.erase(i);
  // The answer finds no subscription of this number, and is not told.
  auto no = relay_.port->change_session(number_, "u:" + std::to_string(++requests_) + ':' + id,
                                        session_unsubscribe{0, id});
  if (no.refused()) return close(close_code::try_again, no.reason); // with its rights it comes back to less
  ++unanswered_;
}

void connection::on_frame(wire::subscribe& x) {
  if (auto there = subscriptions_.find(x.id); there != subscriptions_.end()) {
    auto& spec = there->second.spec;
    if (there->second.active && spec.pattern == x.pattern && spec.queue == x.queue && spec.ack == x.ack
        && !x.from)
      return reply(wire::encode_subscribed(x.id, spec.since)); // sent again, by a client that got no answer
    return refuse({code::conflict, "conflict", "id: there is a subscription of this id", 0, {}, 0, 0},
                  {{}, x.id, {}});
  }
  if (auto limit = limits_->subscriptions_per_session; subscriptions_.size() >= limit)
    return refuse({code::too_large,
                   "too_large",
                   "more than " + std::to_string(limit) + " subscriptions",
                   0,
                   {},
                   subscriptions_.size(),
                   limit},
                  {{}, x.id, {}});
  subscription made;
  made.spec = {x.id,
               std::move(x.pattern),
               std::move(x.queue),
               x.ack,
               x.from ? *x.from - 1 : subscription_spec::from_now,
               x.ack_timeout_ms};
  made.request = ++requests_;
  auto no = relay_.port->change_session(number_, "s:" + std::to_string(requests_) + ':' + x.id,
                                        session_subscribe{0, made.spec});
  expect_answer(no, {{}, x.id, {}});
  if (no.refused()) return;
  subscriptions_.emplace(std::move(x.id), std::move(made));
}

void connection::on_subscribed(const std::string& reference, const answer& what) {
  auto [request, id] = split(reference);
  auto i = subscriptions_.find(id);
  if (i == subscriptions_.end() || i->second.request != request) return;
  if (what.no.refused()) {
    subscriptions_.erase(i);
    return refuse(what.no, {{}, id, {}});
  }
  begin(i->second, what.seq);
  reply(wire::encode_subscribed(id, what.seq));
}

/// @param seq the newest when the namespace answered.
void connection::begin(subscription& x, std::uint64_t seq) {
  x.active = true;
  if (x.spec.since == subscription_spec::from_now) x.spec.since = seq;
  if (!x.spec.queue.empty()) return;
  auto now = relay_.port->subscribe(number_, x.spec.pattern);
  if (feed_.add(x.spec.pattern, x.spec.since, now)) ++reads_; // what is being read is not what is wanted now
}

void connection::on_frame(wire::unsubscribe& x) {
  auto there = subscriptions_.find(x.id);
  if (there == subscriptions_.end() || !there->second.active)
    return refuse(unknown_subscription(), {{}, x.id, {}});
  auto no = relay_.port->change_session(number_, "u:" + std::to_string(++requests_) + ':' + x.id,
                                        session_unsubscribe{0, x.id});
  expect_answer(no, {{}, x.id, {}});
  if (no.refused()) return;
  there->second.request = requests_;
}

void connection::on_unsubscribed(const std::string& reference, const answer& what) {
  auto [request, id] = split(reference);
  auto i = subscriptions_.find(id);
  if (i == subscriptions_.end() || i->second.request != request) return;
  if (what.no.refused()) return refuse(what.no, {{}, id, {}});
  if (i->second.spec.queue.empty()) {
    relay_.port->unsubscribe(number_, i->second.spec.pattern);
    feed_.remove(i->second.spec.pattern);
  }
  subscriptions_.erase(i);
  reply(wire::encode_unsubscribed(id));
}

// -- queues and acknowledgements

void connection::on_notice(const notice& what) {
  if (phase_ != phase::open) return;
  if (auto* offer = std::get_if<queue_offer>(&what.what)) {
    auto& x = *offer->what;
    ++shared_->tally.of_turn(unit()).deliveries;
    out_.marker(offer->redelivered ? wire::encode_redelivered(x) : wire::encode_event(x));
    if (x.receipt == receipt_kind::delivered) relay_.port->tell(number_, delivery_report{0, x.event_id()});
    if (!offer->acks) unconfirmed_.push_back(x.event_id());
    mark_dirty();
  } else if (auto* receipt = std::get_if<receipt_notice>(&what.what)) {
    reply(wire::encode_receipt(receipt->event_id, receipt->kind, receipt->count, receipt->by));
  } else {
    on_taken_over();
  }
}

/// The session is attached elsewhere. A client that was told to move has done as it was told.
void connection::on_taken_over() {
  auto moved = drained_ != nullptr;
  if (moved) drained_ = "moved";
  close(moved ? close_code::going_away : close_code::taken_over, "the session is attached elsewhere");
}

/// Events of a queue that the client does not acknowledge are done with once the kernel has them.
void connection::confirm_written() {
  if (phase_ != phase::open) return;
  for (auto& id : std::exchange(unconfirmed_, {}))
    relay_.port->tell(number_, session_ack{0, 0, std::move(id)});
}

void connection::on_frame(wire::ack& x) {
  relay_.port->tell(number_, session_ack{0, x.seq, std::move(x.event_id)});
}

void connection::on_frame(wire::nack& x) {
  relay_.port->tell(number_, session_nack{0, std::move(x.event_id), x.delay_ms});
}

// -- what is asked of the past and of others

void connection::on_frame(wire::history& x) {
  auto id = x.id;
  if (auto number = histories_.begin(std::move(x)); number > 0) {
    shared_->metrics.history_reads->inc();
    out_.reserve(answer_bytes_);
    return read_history(number);
  }
  refuse({code::too_many, "rate", "too many history reads at once", 100, "connection",
          history_reads::max_reads, history_reads::max_reads},
         {{}, id, {}});
}

/// Reads on, or answers.
void connection::read_history(std::uint64_t number) {
  auto what = histories_.next(number);
  if (!what) {
    auto done = take_history(number);
    std::erase_if(done->events, [this](const event_ptr& found) { return !access_->may_see(*found); });
    return reply(wire::encode_history(done->id, done->events, done->more));
  }
  what->client_id = client_id_;
  auto no = relay_.port->read_log(number_, "h:" + std::to_string(number), std::move(*what));
  if (no.refused()) refuse(no, {{}, take_history(number)->id, {}});
}

std::optional<history_reads::read> connection::take_history(std::uint64_t number) {
  auto out = histories_.take(number);
  if (!out) return out;
  shared_->metrics.history_reads->dec();
  out_.release(answer_bytes_);
  return out;
}

/// A request whose answer may be large is under way: its client is not read as long as it has asked for more
/// than it may have waiting.
void connection::await_answer() {
  ++awaited_;
  out_.reserve(answer_bytes_);
}

/// It is answered, or refused.
void connection::on_awaited() {
  if (awaited_ == 0) return;
  --awaited_;
  out_.release(answer_bytes_);
  mark_dirty();
}

void connection::on_frame(wire::presence& x) {
  presence_request what{x.limit, std::move(x.after), answer_bytes_};
  auto no = relay_.port->read_presence(number_, "w:" + x.id, std::move(what));
  expect_answer(no, {{}, x.id, {}});
  if (!no.refused()) await_answer();
}

void connection::on_presence(const std::string& reference, const presence_list& what) {
  on_answered();
  on_awaited();
  if (phase_ == phase::open || phase_ == phase::finishing)
    reply(wire::encode_presence(reference.substr(2), what.count, what.more, what.clients));
}

} // namespace weir
