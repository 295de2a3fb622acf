// How what came in is kept, then answered and sent to everyone that it concerns.

#include "actors/namespace/namespace_actor.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

/// Whether a refused write says that the store's log is not as this actor believes: then what it believes is
/// worth nothing, and its successor has to read it again.
bool out_of_step(const refusal& no) { return no.status == code::conflict; }

/// What those are told who asked the one that was wrong: its successor may take it.
refusal begins_again() {
  return {code::unavailable, "unavailable", "the namespace reads its log again", 1000, {}, 0, 0};
}

} // namespace

// -- through the store

/// What every handler ends with.
void namespace_actor::end_turn() {
  if (is_deposed()) return;
  if (sessions_.over_bound()) expire_sessions();
  flush();
  send_notices();
  measure();
  wake_at(sequencer_.next_expiry_ms());
  wake_at(sessions_.next_expiry_ms());
  wake_at(presence_.next_flush_ms());
  wake_at(receipts_.next_due_ms());
  wake_at(save_at_ms_);
  if (auto due = retention_.next_due_ms(); due && *due <= now_ms() + sweep_every.count()) wake_at(*due);
  if (moving_) end_move();
}

/// How full what is bounded is.
void namespace_actor::measure() {
  hold_shares();
  auto& log = sequencer_.log();
  meters_.held.value(sequencer_.held());
  meters_.dedupe_ids.value(sequencer_.known_ids());
  meters_.log_events.value(log.size());
  meters_.log_bytes.value(log.bytes());
  meters_.sessions.value(sessions_.size());
  meters_.attached.value(sessions_.attached());
  meters_.receipts.value(receipts_.size());
  meters_.letters.value(dead_.all().size());
  if (!link_.exists()) return;
  meters_.kept_events.value(log.head() + 1 - std::min(retention_.first_kept(), log.head() + 1));
  meters_.kept_bytes.value(retention_.bytes());
}

void namespace_actor::flush() {
  // Settling can make new events, of dead letters for example.
  do {
    if (auto batch = sequencer_.seal()) keep(std::move(*batch));
    settle();
  } while (sequencer_.has_open());
  send_trims();
}

void namespace_actor::keep(sequencer::batch what) {
  std::vector<store_write> writes;
  if (link_.exists()) {
    log_append append{settings_.name, sequencer_.epoch(), {}};
    append.records.reserve(what.events.size());
    for (auto& x : what.events) append.records.push_back({x.what, x.content_hash});
    writes.push_back({std::move(append), {}});
    for (auto& x : std::exchange(trims_, {})) writes.push_back(std::move(x));
  }
  what.sealed_at_ns = stage_time(clock());
  for (auto& x : what.events)
    meters_.all().stages.observe(event_stages::stage::accepted, x.read_at_ns, what.sealed_at_ns);
  auto shared = std::make_shared<const sequencer::batch>(std::move(what));
  auto no =
      link_.write(std::move(writes), [this, shared](const store_committed& done) { on_kept(*shared, done); });
  if (no.refused()) on_not_kept(*shared, no);
}

void namespace_actor::on_not_kept(const sequencer::batch& what, const refusal& no) {
  if (!sequencer_.is_in_flight(what.id)) return; // undone with an earlier one
  sequencer_.on_failed(what.id, out_of_step(no) ? begins_again() : no);
  for (auto& x : what.events)
    if (x.what->client_id == "sys") meters_.all().unsaid->inc();
  if (!out_of_step(no)) return;
  spdlog::warn("namespace {} begins again: {}", settings_.name, no.message);
  quit(caf::make_error(caf::sec::runtime_error, "the store's log: " + no.message));
}

void namespace_actor::on_kept(const sequencer::batch& what, const store_committed& done) {
  auto no = done.no.refused() || done.writes.empty() ? done.no : done.writes.front().no;
  if (no.refused()) return on_not_kept(what, no);
  // It went out behind one that failed, which the store has kept all the same.
  if (!sequencer_.is_in_flight(what.id))
    return quit(caf::make_error(caf::sec::runtime_error, "the store's log has what was given up"));
  sequencer_.on_kept(what.id);
  auto now = stage_time(clock());
  meters_.all().stages.observe(event_stages::stage::kept, what.sealed_at_ns, now);
  if (kept_at_ns_ == 0) kept_at_ns_ = now;
  auto kept_ms = now_ms();
  for (auto& x : what.events) retention_.add(x.what->seq, x.what->size_bytes(), kept_ms);
  trim();
}

void namespace_actor::trim() {
  auto first = retention_.trim(now_ms());
  if (!first) return;
  sequencer_.drop_before(*first);
  if (!link_.exists()) return;
  sequencer_.set_stored_from(*first);
  trims_ = {{log_trim{settings_.name, *first}, {}}};
}

/// A trim goes with the next append; in a namespace that is quiet, by itself. If that fails, what it trims is
/// trimmed with the next one, or after a restart.
void namespace_actor::send_trims() {
  if (!trims_.empty()) link_.try_write(std::exchange(trims_, {}));
}

// -- out

void namespace_actor::settle() {
  auto done = sequencer_.take_settled();
  std::map<std::uint64_t, answer_batch> batches;
  std::vector<std::pair<std::uint64_t, pending_call>> awaited; // told after the answers: `ok` comes first
  for (auto& [who, reply] : done.answers) {
    count(reply);
    if (auto node = pending_calls_.extract({who.source, who.ticket}); !node.empty() && !reply.no.refused())
      awaited.emplace_back(reply.seq, std::move(node.mapped()));
    if (who.source == promise_source) {
      if (auto node = promises_.extract(who.ticket); !node.empty()) node.mapped().deliver(std::move(reply));
      continue;
    }
    reply.ticket = who.ticket;
    auto& answers = batches[who.source].answers;
    if (answers.empty()) answers.reserve(done.answers.size());
    answers.push_back(std::move(reply));
  }
  for (auto& [source, batch] : batches)
    if (auto* to = find_relay(source)) send(to->actor, std::move(batch));
  for (auto& [seq, call] : awaited) await_result(seq, call);
  if (!done.deliveries.empty()) fan_out(std::move(done.deliveries));
}

void namespace_actor::count(const answer& x) {
  if (x.no.refused())
    meters_.refused(x.no.reason);
  else if (x.duplicate)
    meters_.all().duplicates->inc();
  else
    meters_.all().accepted->inc();
}

void namespace_actor::fan_out(std::vector<delivery> deliveries) {
  auto kept_at_ns = std::exchange(kept_at_ns_, 0);
  for (auto& x : deliveries) {
    if (x.what->receipt != receipt_kind::none) receipts_.set_seq(x.what->event_id(), x.what->seq);
    if (x.what->causal_gap) meters_.all().causal_gaps->inc();
  }
  std::vector<caf::actor> to;
  for (auto& x : relays_)
    if (x.link.take(deliveries))
      to.push_back(x.actor);
    else
      meters_.all().left_out->inc(static_cast<std::int64_t>(deliveries.size()));
  if (to.size() == 1) {
    send(to.front(), delivery_batch{std::move(deliveries), kept_at_ns});
  } else if (!to.empty()) {
    // One message, shared: what is sent to many relays is not copied for each.
    auto msg = caf::make_message(delivery_batch{std::move(deliveries), kept_at_ns});
    for (auto& relay : to) send(relay, msg);
  }
  feed_all();
}

void namespace_actor::answer_to(relay_entry& to, std::uint64_t ticket, refusal no, std::uint64_t seq) {
  if (ticket == 0) return;
  answer out;
  out.ticket = ticket;
  out.seq = seq;
  out.no = std::move(no);
  send(to.actor, answer_batch{{std::move(out)}});
}

void namespace_actor::send_notices() {
  for (auto& x : relays_)
    if (!x.notices.empty()) send(x.actor, notice_batch{std::exchange(x.notices, {})});
}

namespace_actor::relay_entry* namespace_actor::find_relay(const caf::strong_actor_ptr& actor) {
  auto i = std::find_if(relays_.begin(), relays_.end(), [&](auto& x) { return x.actor == actor; });
  return i == relays_.end() ? nullptr : &*i;
}

namespace_actor::relay_entry* namespace_actor::find_relay(std::uint64_t number) {
  auto i = std::find_if(relays_.begin(), relays_.end(), [number](auto& x) { return x.number == number; });
  return i == relays_.end() ? nullptr : &*i;
}

} // namespace weir
