// Sessions: what a client has asked for, and where it is; presence and receipts.

#include "actors/core/random_id.hpp"
#include "actors/event/pattern.hpp"
#include "actors/namespace/namespace_actor.hpp"

#include <algorithm>

namespace weir {

namespace {

refusal no_session() {
  return {code::unavailable,
          "unavailable",
          "the namespace was restarted and the session is not open yet",
          200,
          {},
          0,
          0};
}

} // namespace

// -- coming and going

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, session_open& what) {
  attachment at{from.number, what.subscriber};
  if (what.reattached && is_overtaken(what)) {
    session_opened out;
    out.ticket = ticket;
    out.no = {code::conflict, session_taken_over, "the session is attached elsewhere", 0, {}, 0, 0};
    return send(from.actor, std::move(out));
  }
  if (is_rewound(what.told_epoch, what.told_seq))
    return begin_new_epoch("a client was told of seq " + std::to_string(what.told_seq));
  if (auto no = check_shares(); no.refused() && !what.reattached && sessions_.find(what.session) == nullptr) {
    session_opened out;
    out.ticket = ticket;
    out.no = std::move(no);
    return send(from.actor, std::move(out));
  }
  bool resumed = false, changed = false;
  auto& x = open_session(at, what, resumed, changed);
  auto id = x.id;
  if (!changed) return reply_opened(at, ticket, id, resumed, {});
  keep_session(
      x, [this, at, ticket, id, resumed](const refusal& no) { reply_opened(at, ticket, id, resumed, no); });
}

/// After the namespace was restarted, or has moved, all sockets ask at once, in any order: also those whose
/// clients have gone on to another one.
bool namespace_actor::is_overtaken(const session_open& what) {
  auto* x = sessions_.find(what.session);
  return x != nullptr && x->at && x->attached_ms > what.attached_ms;
}

/// Finds the session or makes it, and attaches it.
/// @param changed whether it has to be kept: not when thousands come again to a namespace that has moved.
session& namespace_actor::open_session(attachment at, session_open& what, bool& resumed, bool& changed) {
  auto* x = what.session.empty() ? nullptr : sessions_.find(what.session);
  if (x != nullptr && x->client_id != what.client_id) x = nullptr;
  auto kept = x != nullptr && what.reattached ? encode_session(*x) : std::string{};
  changed = x == nullptr;
  resumed = x != nullptr && x->epoch == sequencer_.epoch();
  if (x == nullptr) {
    session made;
    made.id = what.reattached ? what.session : make_session_id();
    made.client_id = what.client_id;
    x = &sessions_.add(std::move(made), now_ms());
  }
  x->meta = what.meta;
  if (std::exchange(x->epoch, sequencer_.epoch()) != sequencer_.epoch()) { // positions in another history
    for (auto& [id, spec] : x->subscriptions) spec.since = 0;
    x->acked = 0;
    changed = true; // else the next actor takes it for one of the history before
  }
  if (what.reattached) {
    x->subscriptions.clear();
    for (auto& spec : what.subscriptions) x->subscriptions.emplace(spec.id, spec);
    changed |= encode_session(*x) != kept;
  }
  if (!x->at)
    if (auto told = presence_.join(x->client_id, x->meta, now())) announce(*told, true);
  close_before(*x); // of three attachments in a row, the first
  leave_groups(*x);
  sessions_.attach(*x, at);
  x->attached_ms = what.reattached ? what.attached_ms : std::max(wall_ms(), x->attached_ms + 1);
  return *x;
}

void namespace_actor::reply_opened(attachment at, std::uint64_t ticket, const std::string& id, bool resumed,
                                   const refusal& no) {
  flush(); // what it is told to go on from has been sent
  auto* to = find_relay(at.relay);
  auto* x = sessions_.find(id);
  session_opened out;
  out.ticket = ticket;
  out.no = no;
  if (x == nullptr || x->at != at) {
    if (!no.refused()) out.no = no_session(); // gone again, or taken over, in the meantime
  } else if (!no.refused()) {
    out.session = id;
    out.resumed = resumed;
    out.epoch = sequencer_.epoch();
    out.first_kept = link_.exists() ? retention_.first_kept() : sequencer_.log().first_kept();
    out.seq = sequencer_.log().head();
    out.acked = x->acked;
    out.ttl_ms = sessions_.ttl_ms();
    out.attached_ms = x->attached_ms;
    for (auto& [key, spec] : x->subscriptions) out.subscriptions.push_back(spec);
  }
  auto refused = out.no.refused();
  if (to != nullptr) send(to->actor, std::move(out));
  if (refused || x == nullptr || x->at != at) return;
  for (auto& [key, spec] : x->subscriptions)
    if (!spec.queue.empty()) join_group(*x, spec);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t, session_welcomed& what) {
  if (auto* x = sessions_.find(attachment{from.number, what.subscriber})) close_before(*x);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t, session_detach& what) {
  if (what.has_runs) watcher_left(from, what.subscriber);
  if (auto* x = sessions_.detach({from.number, what.subscriber}, now_ms())) detach(*x);
}

/// A session's socket is gone.
/// A gateway that is gone leaves very many sessions at once: a part of them at a time, so that what the
/// others publish meanwhile does not wait for all of it. One that has come back by then is attached
/// elsewhere.
void namespace_actor::detach_lost() {
  for (std::size_t n = 0; n < max_detached_at_once && !lost_.empty(); ++n) {
    if (auto* x = sessions_.detach(lost_.back(), now_ms())) detach(*x);
    lost_.pop_back();
  }
  if (lost_.empty()) return lost_.shrink_to_fit();
  run_delayed(std::chrono::milliseconds{1}, [this] {
    detach_lost();
    end_turn();
  });
}

void namespace_actor::detach(session& x) {
  close_before(x);
  leave_groups(x);
  if (auto told = presence_.leave(x.client_id, now_ms())) announce(*told, true);
}

void namespace_actor::close_before(session& x) {
  if (auto before = sessions_.settle_before(x)) notify(before, taken_over{});
}

void namespace_actor::expire_sessions() {
  auto now = now_ms();
  std::vector<store_write> writes;
  while (auto x = sessions_.take_expired(now)) {
    if (x->expires_ms > now) meters_.all().sessions_forgotten->inc();
    writes.push_back({key_delete{settings_.name, "session/" + x->id}, {}});
    for (auto& [id, spec] : x->subscriptions) forget_member(*x, spec);
    unsaved_sessions_.erase(x->id);
  }
  // If this fails, they are there once more after a restart, and expire again.
  if (!writes.empty() && link_.exists()) link_.try_write(std::move(writes));
}

/// Writes a session; `done` gets what became of that.
void namespace_actor::keep_session(const session& x, std::function<void(const refusal&)> done) {
  auto no = link_.write({session_put(x)}, [done](const store_committed& got) { done(got.first_refusal()); });
  if (no.refused()) done(no);
}

store_write namespace_actor::session_put(const session& x) const {
  return {key_put{settings_.name, "session/" + x.id, encode_session(x), 0}, {}};
}

std::string namespace_actor::make_session_id() { return random_id(); }

// -- subscriptions

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, session_subscribe& what) {
  attachment at{from.number, what.subscriber};
  auto* x = sessions_.find(at);
  if (x == nullptr) return answer_to(from, ticket, no_session());
  if (auto no = check_group(*x, what.what); no.refused()) return answer_to(from, ticket, std::move(no));
  // A seq to begin at is the client's; "new" is known here.
  if (what.what.since == subscription_spec::from_now) what.what.since = sequencer_.log().head();
  auto spec = what.what;
  auto id = x->id;
  x->subscriptions[spec.id] = spec;
  if (!spec.queue.empty()) enter_group(*x, spec);
  auto done = [this, at, ticket, id, spec](const refusal& no) {
    flush(); // what came before the answer has been sent
    auto* who = sessions_.find(id);
    if (no.refused() && who != nullptr) {
      who->subscriptions.erase(spec.id);
      forget_member(*who, spec);
    }
    if (auto* to = find_relay(at.relay)) answer_to(*to, ticket, no, sequencer_.log().head());
    if (!no.refused() && who != nullptr && who->at == at && !spec.queue.empty()) join_group(*who, spec);
  };
  keep_session(*x, done);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, session_unsubscribe& what) {
  attachment at{from.number, what.subscriber};
  auto* x = sessions_.find(at);
  if (x == nullptr) return answer_to(from, ticket, no_session());
  if (auto node = x->subscriptions.extract(what.id); !node.empty()) forget_member(*x, node.mapped());
  auto done = [this, at, ticket](const refusal& no) {
    if (auto* to = find_relay(at.relay)) answer_to(*to, ticket, no);
  };
  keep_session(*x, done);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t, session_ack& what) {
  auto* x = sessions_.find(attachment{from.number, what.subscriber});
  if (x == nullptr) return;
  if (!what.event_id.empty()) {
    receipts_.count(what.event_id, receipt_kind::acked, x->client_id, now_ms());
    for (auto& [id, spec] : x->subscriptions) {
      auto* group = spec.queue.empty() ? nullptr : find_seat(group_name(spec));
      if (group == nullptr) continue;
      auto seq = find_in_hand(*group, what.event_id, x->id);
      if (!group->subscription.settle(seq, x->id)) continue;
      mark_changed(*group);
      feed(*group);
    }
  } else if (what.seq > x->acked) {
    auto after = std::exchange(x->acked, std::min(what.seq, sequencer_.log().head()));
    receipts_.count_acked(after, x->acked, x->client_id, now_ms(), [x](const receipt_book::entry& e) {
      auto gets = [&e](auto& pair) {
        return pair.second.queue.empty() && matches(pair.second.pattern, e.type);
      };
      return (e.to.empty() || e.to == x->client_id)
             && std::any_of(x->subscriptions.begin(), x->subscriptions.end(), gets);
    });
    unsaved_sessions_.insert(x->id);
    save_soon();
  }
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t, session_nack& what) {
  auto* x = sessions_.find(attachment{from.number, what.subscriber});
  if (x == nullptr) return;
  for (auto& [id, spec] : x->subscriptions) {
    auto* group = spec.queue.empty() ? nullptr : find_seat(group_name(spec));
    if (group == nullptr) continue;
    auto seq = find_in_hand(*group, what.event_id, x->id);
    if (seq == 0) continue;
    auto not_before_ms = what.delay_ms > 0 ? now_ms() + what.delay_ms : 0;
    if (auto last = group->subscription.give_back(seq, x->id, not_before_ms))
      bury(*group, *last, "given back by " + x->client_id);
    mark_changed(*group);
    feed(*group);
  }
}

// -- presence and receipts

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, presence_request& what) {
  presence_list out{ticket, presence_.count(), {}, false};
  out.clients = presence_.list(what, out.more);
  send(from.actor, std::move(out));
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t, delivery_report& what) {
  if (auto* x = sessions_.find(attachment{from.number, what.subscriber}))
    receipts_.count(what.event_id, receipt_kind::delivered, x->client_id, now_ms());
}

void namespace_actor::tell_receipts() {
  for (auto& x : receipts_.take_due(now_ms()))
    if (auto* who = sessions_.find(x.session); who != nullptr && who->at)
      notify(who->at, receipt_notice{x.event_id, x.kind, x.count, x.by});
}

void namespace_actor::notify(attachment at, decltype(notice::what) what) {
  if (auto* to = find_relay(at.relay)) to->notices.push_back({at.subscriber, std::move(what)});
}

} // namespace weir
