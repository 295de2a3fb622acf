#include "actors/namespace/relay.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/namespace/link_credit.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include <algorithm>

namespace weir {

namespace {

constexpr auto reattach_after = std::chrono::milliseconds{200};

/// Whether who gets the one gets the other.
bool belong_together(const delivery& x, const delivery& y) {
  return x.what->type == y.what->type && x.what->to == y.what->to;
}

refusal out_of_reach(const std::string& ns) {
  return {code::unavailable,
          "unavailable",
          "this node does not reach the one that has namespace " + ns,
          1000,
          "node",
          0,
          0};
}

refusal unreachable(const std::string& ns) {
  return {code::unavailable, "unavailable", "namespace " + ns + " is restarting", 1000, {}, 0, 0};
}

} // namespace

relay::relay(caf::actor_config& cfg, io_unit& unit, config settings)
  : io_actor(cfg, unit), settings_(std::move(settings)) {
  if (!settings_.metrics) settings_.metrics = std::make_shared<relay_metrics_book>(system());
}

caf::behavior relay::make_behavior() {
  log_crashes(*this, "a relay of namespace " + settings_.ns);
  set_down_handler([this](const caf::down_msg& msg) {
    if (ns_ && ns_.address() == msg.source) on_namespace_down();
  });
  ask_to_attach();
  return {
      [this](const attached& info) { on_attached(info); },
      [this](const delivery_batch& batch) { on_deliveries(batch); },
      [this](const answer_batch& batch) { on_answers(batch); },
      [this](const log_slice& slice) { on_log_slice(slice); },
      [this](const run_update& update) { on_run_update(update); },
      [this](const session_opened& what) { on_session_opened(what); },
      [this](const presence_list& what) { on_presence(what); },
      [this](const notice_batch& batch) { on_notices(batch); },
      [this](const link_resumed& what) { on_link_resumed(what); },
      [this](const namespace_moves&) { on_namespace_moves(); },
      [this](const attach_later&) { on_attach_later(); },
      [this](tick_atom) { ask_to_attach(); },
      [this](tick_atom, std::uint64_t attempt) { on_attach_timeout(attempt); },
      [this](move_atom, std::uint64_t move) { on_move_timeout(move); },
  };
}

void relay::on_exit() {
  unit().forget(*this);
  unit().forget(written_);
  ns_ = nullptr;
  info_ = {};
  pending_.clear();
  note_pending();
  settings_.host = nullptr;
}

// -- the namespace

void relay::ask_to_attach() {
  if (ns_ || std::exchange(attaching_, true)) return;
  send(settings_.host, attach_relay{settings_.ns, this, 0, {}, info_.epoch, seq_});
  delayed_send(this, attach_timeout, tick_atom_v, ++attempts_);
}

void relay::on_attach_timeout(std::uint64_t attempt) {
  if (attempt != attempts_ || !std::exchange(attaching_, false)) return;
  ask_to_attach();
}

void relay::on_attach_later() {
  if (ns_) return; // asked twice
  attaching_ = false;
  auto now = clock().now();
  if (!put_off_since_) put_off_since_ = now;
  if (now - *put_off_since_ < attach_patience) return delayed_send(this, reattach_after, tick_atom_v);
  attached out;
  out.no = out_of_reach(settings_.ns);
  on_attached(out);
}

/// The link to the namespace's node may have gone while the answer came by way of another: nobody would tell
/// of the namespace's end.
void relay::check_link() {
  request(settings_.host, attach_timeout, reach_atom_v, ns_.node())
      .then(
          [this, ns = ns_](bool reached) {
            if (reached || ns_ != ns) return;
            demonitor(ns_);
            on_namespace_down();
          },
          [](const caf::error&) {}); // the node ends
}

bool relay::is_remote() const { return ns_ && ns_.node() != system().node(); }

void relay::on_attached(const attached& info) {
  if (ns_ && ns_ == info.ns) return; // asked twice, answered twice
  info_ = info;
  attaching_ = false;
  put_off_since_ = std::nullopt;
  if (!info.no.refused()) {
    ns_ = info.ns;
    monitor(ns_);
    if (is_remote()) check_link();
    label_metrics(info.label);
    unconfirmed_ = 0;
    seq_ = info.seq;
    moving_ = false;
    auto held = std::exchange(outgoing_, {});
    for (auto& [number, x] : subscribers_) x.who->on_attached(info);
    send_held(std::move(held));
    return;
  }
  if (ns_) demonitor(ns_); // it was deleted: who comes next asks anew
  ns_ = nullptr;
  pending_.clear();
  note_pending();
  moving_ = false;
  outgoing_.clear();
  auto refused = std::exchange(subscribers_, {});
  patterns_ = {};
  for (auto& [number, x] : refused) x.who->on_attached(info);
}

/// What was held back while the namespace moved comes behind the sessions, which have just been opened again.
void relay::send_held(std::vector<weir::request> held) {
  for (auto& x : held)
    if (std::holds_alternative<session_open>(x.what))
      pending_.erase(x.ticket);
    else
      outgoing_.push_back(std::move(x));
  if (!outgoing_.empty()) unit().at_turn_end(*this);
}

void relay::on_namespace_down() {
  ns_ = nullptr;
  if (!moving_) {
    outgoing_.clear();
    info_.credit = 0;
  }
  answer_lost(outgoing_);
  if (moving_) return ask_to_attach();
  delayed_send(this, reattach_after, tick_atom_v);
}

/// Whether these were accepted is not known; their senders may send them again, each is taken once.
void relay::answer_lost(const std::vector<weir::request>& except) {
  auto lost = std::exchange(pending_, {});
  for (auto& x : except)
    if (auto node = lost.extract(x.ticket); !node.empty()) pending_.insert(std::move(node));
  for (auto& [ticket, x] : lost) {
    answer no;
    no.ticket = ticket;
    no.no = unreachable(settings_.ns);
    auto* who = x.reference.empty() ? nullptr : find(x.subscriber); // sessions are opened again
    if (who != nullptr) who->who->on_answer(x.reference, no);
  }
  note_pending();
}

/// What has been sent is answered before it goes.
void relay::on_namespace_moves() {
  if (!ns_ || ns_ != current_sender()) return;
  if (!outgoing_.empty()) send(ns_, request_batch{std::exchange(outgoing_, {})});
  moving_ = true;
  send(ns_, relay_paused{});
  delayed_send(this, move_patience, move_atom_v, ++moves_);
}

void relay::on_move_timeout(std::uint64_t move) {
  if (move != moves_ || !std::exchange(moving_, false)) return;
  if (ns_) { // it stays
    if (!outgoing_.empty()) unit().at_turn_end(*this);
    return;
  }
  outgoing_.clear();
  info_.credit = 0;
  answer_lost({});
}

/// The first 1,000 namespaces of a node have metrics of their own: which they are is its host's to know.
void relay::label_metrics(const std::string& label) {
  metrics_ = settings_.metrics->of(label);
  pending_gauge_.move_to(metrics_->pending);
  credit_gauge_.move_to(metrics_->credit);
  held_gauge_.move_to(metrics_->held);
  note_pending();
}

void relay::note_pending() {
  pending_gauge_.value(pending_.size());
  credit_gauge_.value(info_.credit);
  held_gauge_.value(moving_ ? outgoing_.size() : 0);
}

void relay::on_link_resumed(const link_resumed& what) {
  seq_ = std::max(seq_, what.seq);
  for (auto& [number, x] : subscribers_) x.who->on_left_out(what);
}

/// Tells a namespace on another node that there is room on the link.
void relay::confirm(const delivery_batch& batch) {
  if (info_.link_bytes == 0 || !is_remote()) return;
  unconfirmed_ += link_bytes(batch.deliveries);
  if (unconfirmed_ >= info_.link_bytes / 4) send(ns_, link_receipt{std::exchange(unconfirmed_, 0)});
}

/// The batch is shared with the other threads' relays: taken as one's own it would be copied first. Events of
/// one type that follow each other go to a subscriber together, so that each is visited once.
void relay::on_deliveries(const delivery_batch& batch) {
  std::span<const delivery> all{batch.deliveries};
  std::vector<delivery> encoded; // it came from another node
  if (settings_.encode && !all.empty() && !all.front().frame) {
    for (auto& x : all) encoded.push_back({x.what, settings_.encode(*x.what)});
    all = encoded;
  }
  for (std::size_t first = 0, last = 0; first < all.size(); first = last) {
    for (last = first + 1; last < all.size() && belong_together(all[first], all[last]);) ++last;
    deliver(all.subspan(first, last - first));
  }
  confirm(batch);
  if (batch.kept_at_ns > 0 && metrics_) note_handed(batch.kept_at_ns);
}

void relay::note_handed(std::int64_t kept_at_ns) {
  auto now = stage_time(clock());
  metrics_->stages.observe(event_stages::stage::fanned_out, kept_at_ns, now);
  handed_at_ns_.push_back(now);
  unit().at_turn_end(written_);
}

/// Behind the connections that the first batch of the turn reached come those of the others.
void relay::on_written(written_hook& hook) {
  hook.is_last = !hook.is_last;
  if (hook.is_last) return unit().at_turn_end(hook);
  auto now = stage_time(clock());
  for (auto at_ns : handed_at_ns_) metrics_->stages.observe(event_stages::stage::written, at_ns, now);
  handed_at_ns_.clear();
}

void relay::deliver(std::span<const delivery> run) {
  for (auto& x : run)
    if (x.what->seq > 0) seq_ = x.what->seq;
  auto number = ++runs_;
  auto& to = run.front().what->to;
  patterns_.match(run.front().what->type, [&](const std::vector<member*>& holders) {
    for (auto* x : holders) {
      if (x->last_run == number) continue; // two of its patterns match
      x->last_run = number;
      if (to.empty() || to == x->who->client_id()) x->who->on_deliveries(run);
    }
  });
}

void relay::on_answers(const answer_batch& batch) {
  rate_.on_done(clock().now(), batch.answers.size());
  std::string reference;
  for (auto& x : batch.answers)
    if (auto* who = settle(x.ticket, reference)) who->on_answer(reference, x);
  note_pending();
}

void relay::on_log_slice(const log_slice& slice) {
  rate_.on_done(clock().now());
  std::string reference;
  if (auto* who = settle(slice.ticket, reference)) who->on_log_slice(reference, slice);
  note_pending();
}

void relay::on_run_update(const run_update& update) {
  if (auto* x = find(update.subscriber)) x->who->on_run_update(update);
}

void relay::on_session_opened(const session_opened& what) {
  std::string reference;
  if (auto* who = settle(what.ticket, reference)) who->on_session_opened(what);
  note_pending();
}

void relay::on_presence(const presence_list& what) {
  rate_.on_done(clock().now());
  std::string reference;
  if (auto* who = settle(what.ticket, reference)) who->on_presence(reference, what);
  note_pending();
}

void relay::on_notices(const notice_batch& batch) {
  for (auto& next : batch.notices)
    if (auto* x = find(next.subscriber)) x->who->on_notice(next);
}

void relay::on_turn_end() {
  note_pending();
  if (!ns_ || moving_ || outgoing_.empty()) return;
  last_batch_size_ = outgoing_.size();
  send(ns_, request_batch{std::exchange(outgoing_, {})});
}

// -- the connections

std::uint64_t relay::join(weir::subscriber& who) {
  auto number = next_number_++;
  subscribers_.emplace(number, member{&who, 0, false, false, {}});
  if (ns_) {
    info_.seq = seq_;
    who.on_attached(info_);
  } else {
    ask_to_attach(); // it may have been refused before
  }
  return number;
}

void relay::leave(std::uint64_t number) {
  auto* x = find(number);
  if (x == nullptr) return;
  for (auto& pattern : x->patterns) patterns_.remove(pattern, x);
  if (x->has_session) post(0, session_detach{number, x->has_runs});
  subscribers_.erase(number);
}

std::uint64_t relay::subscribe(std::uint64_t number, const std::string& pattern) {
  if (auto* x = find(number)) {
    x->patterns.push_back(pattern);
    patterns_.add(pattern, x);
  }
  return seq_;
}

void relay::unsubscribe(std::uint64_t number, const std::string& pattern) {
  auto* x = find(number);
  if (x == nullptr) return;
  auto i = std::find(x->patterns.begin(), x->patterns.end(), pattern);
  if (i == x->patterns.end()) return;
  x->patterns.erase(i);
  patterns_.remove(pattern, x);
}

refusal relay::publish(std::uint64_t number, std::string reference, publish_request what) {
  what.subscriber = number;
  return offer(number, std::move(reference), std::move(what));
}

refusal relay::call(std::uint64_t number, std::string reference, call_request what) {
  what.caller = watcher_of(number, what.caller.stream, what.caller.at);
  return offer(number, std::move(reference), std::move(what));
}

refusal relay::read_log(std::uint64_t number, std::string reference, log_request what) {
  return offer(number, std::move(reference), std::move(what));
}

refusal relay::cancel(std::uint64_t number, std::string reference, std::string run_id) {
  return offer(number, std::move(reference), cancel_run{0, std::move(run_id), nullptr});
}

refusal relay::watch(std::uint64_t number, std::string reference, std::string run_id, std::uint64_t at) {
  return offer(number, std::move(reference),
               watch_request{0, std::move(run_id), watcher_of(number, true, at)});
}

refusal relay::unwatch(std::uint64_t number, std::string reference, std::string run_id) {
  return offer(number, std::move(reference),
               unwatch_request{0, std::move(run_id), watcher_of(number, true, 0)});
}

void relay::follow(std::uint64_t number, const std::string& run_id, std::uint64_t seq, bool stream, bool tied,
                   std::uint64_t at) {
  post(0, follow_run{run_id, seq, watcher_of(number, stream, at), tied});
}

refusal relay::work(std::uint64_t number, std::string reference, worker_delta what) {
  what.subscriber = number;
  return offer(number, std::move(reference), std::move(what));
}

refusal relay::work(std::uint64_t number, std::string reference, worker_result what) {
  what.subscriber = number;
  return offer(number, std::move(reference), std::move(what));
}

/// What is told of a run to this subscriber, whose leaving is told from now on.
watcher relay::watcher_of(std::uint64_t number, bool stream, std::uint64_t at) {
  if (auto* x = find(number)) x->has_runs = true;
  return {this, number, stream, at};
}

void relay::open_session(std::uint64_t number, session_open what) {
  auto* x = find(number);
  if (x == nullptr || !ns_) return; // `on_attached` comes, and it asks again
  x->has_session = true;
  what.subscriber = number;
  auto ticket = next_ticket_++;
  pending_.emplace(ticket, pending{number, {}});
  post(ticket, std::move(what));
}

refusal relay::change_session(std::uint64_t number, std::string reference, session_subscribe what) {
  what.subscriber = number;
  return offer(number, std::move(reference), std::move(what));
}

refusal relay::change_session(std::uint64_t number, std::string reference, session_unsubscribe what) {
  what.subscriber = number;
  return offer(number, std::move(reference), std::move(what));
}

void relay::tell(std::uint64_t number, session_note what) {
  std::visit(
      [&](auto& x) {
        x.subscriber = number;
        post(0, std::move(x));
      },
      what);
}

refusal relay::read_presence(std::uint64_t number, std::string reference, presence_request what) {
  return offer(number, std::move(reference), std::move(what));
}

template <class Request>
void relay::post(std::uint64_t ticket, Request what) {
  if (!ns_ && !moving_) return;
  if (outgoing_.empty()) outgoing_.reserve(last_batch_size_);
  outgoing_.push_back({ticket, std::move(what)});
  if (moving_ && outgoing_.size() == max_held_per_credit * info_.credit) send(this, move_atom_v, moves_);
  unit().at_turn_end(*this);
}

template <class Request>
refusal relay::offer(std::uint64_t number, std::string reference, Request what) {
  if (!ns_ && !moving_) return unreachable(settings_.ns);
  if (pending_.size() >= info_.credit) {
    auto retry_after_ms = rate_.on_refused(clock().now(), info_.credit);
    auto remote = is_remote();
    return {code::too_many,
            remote ? "link_full" : "namespace_full",
            "namespace " + settings_.ns + (remote ? ", on another node," : "") + " has too much in hand",
            retry_after_ms,
            remote ? "link" : "namespace",
            pending_.size(),
            info_.credit};
  }
  if (pending_.empty()) rate_.on_busy(clock().now());
  auto ticket = next_ticket_++;
  pending_.emplace(ticket, pending{number, std::move(reference)});
  post(ticket, std::move(what));
  return {};
}

weir::subscriber* relay::settle(std::uint64_t ticket, std::string& reference) {
  auto node = pending_.extract(ticket);
  if (node.empty()) return nullptr;
  reference = std::move(node.mapped().reference);
  auto* x = find(node.mapped().subscriber);
  return x == nullptr ? nullptr : x->who;
}

relay::member* relay::find(std::uint64_t number) {
  auto i = subscribers_.find(number);
  return i == subscribers_.end() ? nullptr : &i->second;
}

} // namespace weir
