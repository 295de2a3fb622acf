// Durable subscriptions: of agents, of the orchestrator and of clients' queue groups; dead letters.

#include "actors/core/json_print.hpp"
#include "actors/namespace/namespace_actor.hpp"

#include <caf/exit_reason.hpp>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

constexpr std::int64_t save_every_ms = 20;        // what happens in between is done again after a crash
constexpr std::int64_t save_again_ms = 500;       // after the store has refused
constexpr std::uint64_t save_every_events = 1000; // that were passed over
const std::string agent_member = "agent";         // the one member of a subscription that is no group

} // namespace

// -- agents

void namespace_actor::on_subscribe(subscribe_durably& what) {
  monitor(what.subscriber);
  auto i = seats_.find(what.name);
  if (i == seats_.end()) {
    durable_subscription made{what.name, what.patterns, sequencer_.log().head()};
    restore_cursor(made);
    i = seats_.emplace(what.name, seat{std::move(made)}).first;
  } else if (i->second.subscriber) {
    demonitor(i->second.subscriber);
    i->second.subscription.leave(agent_member, false);
  }
  auto& x = i->second;
  x.subscription.set_patterns(std::move(what.patterns));
  x.subscription.join(agent_member, what.window);
  x.subscriber = std::move(what.subscriber);
  if (what.name == orchestrator_name)
    for (auto i = open_calls_.begin(); i != open_calls_.end();) {
      auto over = x.subscription.is_past(i->first); // a repeat of a call that an earlier incarnation ended
      tell_callers(x.subscriber, i->second, over);
      i = over ? open_calls_.erase(i) : std::next(i);
    }
  mark_changed(x);
  feed(x);
  if (what.name == orchestrator_name)
    for (auto& order : std::exchange(cancels_, {})) send(x.subscriber, std::move(order));
}

void namespace_actor::on_settlement(const settlement& what) {
  auto* x = find_seat(what.subscription);
  if (x == nullptr || !x->subscription.settle(what.seq, agent_member)) return;
  if (what.subscription == orchestrator_name) open_calls_.erase(what.seq);
  mark_changed(*x);
  feed(*x);
}

void namespace_actor::on_subscriber_down(seat& x, const caf::error& reason) {
  x.subscriber = nullptr;
  auto crashed = reason && reason != caf::exit_reason::user_shutdown;
  for (auto& dead : x.subscription.leave(agent_member, crashed)) bury(x, dead, to_string(reason));
  mark_changed(x);
}

// -- queue groups

/// The name of the group's subscription. A pattern has no blanks.
std::string namespace_actor::group_name(const subscription_spec& spec) {
  return "queue " + spec.queue + ' ' + spec.pattern;
}

refusal namespace_actor::check_group(const session& who, const subscription_spec& spec) {
  if (spec.queue.empty()) return {};
  for (auto& [id, other] : who.subscriptions)
    if (id != spec.id && other.queue == spec.queue && other.pattern == spec.pattern)
      return {
          code::conflict, "conflict", "queue: the session is in this group already, as " + id, 0, {}, 0, 0};
  auto groups = count_groups();
  if (groups < settings_.bounds.queue_groups || find_seat(group_name(spec)) != nullptr) return {};
  return {code::too_large,
          "too_large",
          "queue: the namespace has all the groups it may have",
          0,
          {},
          groups,
          settings_.bounds.queue_groups};
}

std::uint64_t namespace_actor::count_groups() const {
  return static_cast<std::uint64_t>(
      std::count_if(seats_.begin(), seats_.end(), [](auto& x) { return x.second.is_group(); }));
}

namespace_actor::seat& namespace_actor::open_group(const subscription_spec& spec) {
  auto name = group_name(spec);
  auto i = seats_.find(name);
  if (i != seats_.end()) return i->second;
  durable_subscription made{name, {spec.pattern}, spec.since};
  restore_cursor(made);
  i = seats_.emplace(name, seat{std::move(made)}).first;
  i->second.group = spec;
  meters_.queue_groups.value(count_groups());
  mark_changed(i->second);
  return i->second;
}

void namespace_actor::join_group(session& who, const subscription_spec& spec) {
  auto& x = open_group(spec);
  x.sessions.insert(who.id);
  x.subscription.join(who.id, static_cast<std::uint32_t>(settings_.bounds.queue_window));
  feed(x);
}

/// A member is gone or has another socket: what it had in hand goes to others.
void namespace_actor::leave_group(seat& x, const std::string& member, bool crashed) {
  if (!x.subscription.has(member)) return;
  for (auto& dead : x.subscription.leave(member, crashed))
    bury(x, dead, "its last member was gone before an ack");
  mark_changed(x);
  feed(x);
}

void namespace_actor::leave_groups(session& who) {
  for (auto& [id, spec] : who.subscriptions)
    if (auto* x = spec.queue.empty() ? nullptr : find_seat(group_name(spec))) leave_group(*x, who.id, true);
}

/// The session is not of the group any more. The group ends with the last one.
void namespace_actor::forget_member(const std::string& session, const subscription_spec& spec) {
  auto i = spec.queue.empty() ? seats_.end() : seats_.find(group_name(spec));
  if (i == seats_.end()) return;
  leave_group(i->second, session, false);
  i->second.sessions.erase(session);
  if (!i->second.sessions.empty()) return;
  seats_.erase(i);
  meters_.queue_groups.value(count_groups());
  if (link_.exists()) link_.try_write({{key_delete{settings_.name, "cursor/" + group_name(spec)}, {}}});
}

std::uint64_t namespace_actor::find_in_hand(seat& x, const std::string& event_id, const std::string& member) {
  auto seq = sequencer_.find(event_id, now_ms());
  return seq > 0 ? seq : x.subscription.find(event_id, member); // past the window, it is one of few
}

// -- handing out

void namespace_actor::feed_all() {
  for (auto& [name, x] : seats_) feed(x);
}

void namespace_actor::feed(seat& x) {
  auto missed = x.subscription.missed();
  auto now = now_ms();
  while (true) {
    while (auto next = x.subscription.next(sequencer_.log(), now)) hand_over(x, std::move(*next));
    auto wanted = x.subscription.wants_read(sequencer_.log());
    if (!wanted) break;
    if (!read_for(x, *wanted)) break;
  }
  meters_.all().missed->inc(static_cast<std::int64_t>(x.subscription.missed() - missed));
  if (x.subscription.cursor() >= x.kept_cursor + save_every_events) mark_changed(x);
  if (auto due = x.subscription.next_due_ms(); due > now) wake_at(due);
}

/// Reads what is behind the log in memory. Gives whether it is there already.
bool namespace_actor::read_for(seat& x, const log_request& what) {
  if (!link_.exists()) {
    x.subscription.on_read(sequencer_.log().read(what)); // what is trimmed is missed
    return true;
  }
  auto name = x.subscription.name();
  auto again = [this, name](const log_slice* slice) {
    auto* to = find_seat(name);
    if (to == nullptr) return;
    if (slice == nullptr) {
      to->subscription.on_read_failed();
      save_soon(); // comes back to it
      return;
    }
    to->subscription.on_read(*slice);
    feed(*to);
  };
  auto no = link_.read(read_log{settings_.name, what}, [this, again](store_answer& got) {
    auto* found = std::get_if<log_read>(&got.what);
    if (found == nullptr) return again(nullptr);
    auto slice = slice_of(*found, false);
    again(&slice);
  });
  if (no.refused()) again(nullptr);
  return false;
}

void namespace_actor::hand_over(seat& x, durable_subscription::offer what) {
  mark_changed(x);
  if (!x.is_group()) return send(x.subscriber, std::move(what.what));
  auto* who = sessions_.find(what.member);
  if (who == nullptr || !who->at) return; // cannot be: it would have left
  auto is_it = [&x](auto& pair) {
    return pair.second.queue == x.group.queue && pair.second.pattern == x.group.pattern;
  };
  auto spec = std::find_if(who->subscriptions.begin(), who->subscriptions.end(), is_it);
  auto acks = spec != who->subscriptions.end() && spec->second.ack;
  notify(who->at, queue_offer{std::move(what.what.what), what.what.redelivered, acks});
}

// -- dead letters

void namespace_actor::bury(seat& x, const offered_event& what, const std::string& error) {
  if (x.subscription.name() == orchestrator_name) open_calls_.erase(what.what->seq);
  dead_letter letter{what.what, x.subscription.name(), what.attempt, error};
  std::vector<store_write> writes{
      {key_put{settings_.name, dead_letter_key(letter), encode_dead_letter(letter), 0}, {}}, cursor_put(x)};
  if (auto dropped = dead_.add(std::move(letter))) {
    meters_.all().dropped_letters->inc();
    writes.push_back({key_delete{settings_.name, dead_letter_key(*dropped)}, {}});
  }
  if (link_.exists()) link_.try_write(std::move(writes));
  meters_.all().dead_letters->inc();
  nlohmann::json data = {{x.is_group() ? "queue" : "agent", x.subscription.name()},
                         {"event_id", what.what->event_id()},
                         {"seq", what.what->seq},
                         {"attempts", what.attempt},
                         {"error", error}};
  announce({"sys.agent.dead_letter", print_json(data)});
}

// -- what is kept of them

void namespace_actor::restore_cursor(durable_subscription& x) {
  auto node = kept_cursors_.extract(x.name());
  if (node.empty()) return;
  try {
    x.restore(node.mapped());
  } catch (const std::exception& error) {
    spdlog::error("namespace {}: {}; it begins at the newest event", settings_.name, error.what());
  }
}

store_write namespace_actor::cursor_put(const seat& x) const {
  return {key_put{settings_.name, "cursor/" + x.subscription.name(), x.subscription.snapshot(), 0}, {}};
}

void namespace_actor::mark_changed(seat& x) {
  x.changed = true;
  save_soon();
}

void namespace_actor::save_soon() {
  if (save_at_ms_ == 0) save_at_ms_ = now_ms() + save_every_ms;
}

/// Writes what has changed. If that fails, it is tried again.
void namespace_actor::save_cursors() {
  save_at_ms_ = 0;
  std::vector<store_write> writes;
  for (auto& [name, x] : seats_) {
    if (auto wanted = x.subscription.wants_read(sequencer_.log())) { // a read that failed
      if (read_for(x, *wanted)) feed(x);
    }
    if (!x.changed) continue;
    if (link_.exists()) writes.push_back(cursor_put(x));
    x.kept_cursor = x.subscription.cursor();
    x.changed = false;
  }
  auto sessions = std::exchange(unsaved_sessions_, {});
  for (auto& id : sessions)
    if (auto* x = sessions_.find(id)) writes.push_back(session_put(*x));
  if (writes.empty() || !link_.exists()) return;
  auto no = link_.write(std::move(writes), [this, sessions](const store_committed& done) {
    if (done.no.refused()) save_again(sessions);
  });
  if (no.refused()) save_again(sessions);
}

/// What was to be saved was not, or not all of it is known to be.
void namespace_actor::save_again(const std::set<std::string>& sessions) {
  for (auto& [name, x] : seats_) x.changed = true;
  unsaved_sessions_.insert(sessions.begin(), sessions.end());
  if (save_at_ms_ == 0) save_at_ms_ = now_ms() + save_again_ms;
}

namespace_actor::seat* namespace_actor::find_seat(const std::string& name) {
  auto i = seats_.find(name);
  return i == seats_.end() ? nullptr : &i->second;
}

} // namespace weir
