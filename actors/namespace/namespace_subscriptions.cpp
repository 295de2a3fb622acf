// Durable subscriptions: of agents, of the orchestrator and of clients' queue groups; dead letters.

#include "actors/core/error_text.hpp"
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
constexpr std::int64_t record_again_ms = 500;     // as above: an offer that could not be recorded
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

/// @returns what one that has been replaced says of what its successor has in hand: it does not count.
static bool is_stale(const caf::actor& subscriber, const caf::strong_actor_ptr& sender) {
  return sender && subscriber && caf::actor_cast<caf::strong_actor_ptr>(subscriber) != sender;
}

void namespace_actor::on_settlement(const settlement& what) {
  auto* x = find_seat(what.subscription);
  if (x == nullptr || is_stale(x->subscriber, current_sender())
      || !x->subscription.settle(what.seq, agent_member))
    return;
  if (what.subscription == orchestrator_name) open_calls_.erase(what.seq);
  mark_changed(*x);
  feed(*x);
}

void namespace_actor::on_task_failed(const task_failed& what) {
  auto* x = find_seat(what.subscription);
  if (x == nullptr || is_stale(x->subscriber, current_sender())) return;
  std::optional<offered_event> dead;
  if (what.final) {
    if (auto event = x->subscription.in_hands_of(what.seq, agent_member)) dead = {std::move(event), 1, false};
    x->subscription.settle(what.seq, agent_member);
  } else {
    dead = x->subscription.give_back(what.seq, agent_member, 0);
  }
  if (dead) bury(*x, *dead, what.error);
  mark_changed(*x);
  feed(*x);
}

void namespace_actor::on_subscriber_down(seat& x, const caf::error& reason) {
  x.subscriber = nullptr;
  auto crashed = reason && reason != caf::exit_reason::user_shutdown;
  for (auto& dead : x.subscription.leave(agent_member, crashed)) bury(x, dead, text_of(reason));
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
  if (groups < settings_.bounds.queue_groups + settings_.external.size()
      || find_seat(group_name(spec)) != nullptr)
    return {};
  return {code::too_large,
          "too_large",
          "queue: the namespace has all the groups it may have",
          0,
          {},
          groups - std::min<std::uint64_t>(groups, settings_.external.size()),
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
  if (auto agent = settings_.external.find(spec.queue);
      agent != settings_.external.end() && spec.pattern == call_event_type(spec.queue)) {
    i->second.lease_ms = agent->second;
    i->second.subscription.set_filter([this](const event& x) { return !is_over(x); });
  }
  meters_.queue_groups.value(count_groups());
  mark_changed(i->second);
  return i->second;
}

/// The session is of the group, whether it is attached or not.
void namespace_actor::enter_group(const session& who, const subscription_spec& spec) {
  auto& x = open_group(spec);
  if (x.sessions.insert(who.id).second) x.subscription.enrol(who.client_id);
}

void namespace_actor::join_group(session& who, const subscription_spec& spec) {
  enter_group(who, spec);
  auto& x = open_group(spec);
  durable_subscription::member_rules rules;
  rules.window = static_cast<std::uint32_t>(settings_.bounds.queue_window);
  rules.client_id = who.client_id;
  rules.ack_timeout_ms = lease_of(x, spec);
  x.subscription.join(who.id, std::move(rules));
  feed(x);
}

/// For how long this member may have an event in hand.
std::int64_t namespace_actor::lease_of(const seat& x, const subscription_spec& spec) const {
  if (spec.ack_timeout_ms > 0) return spec.ack_timeout_ms;
  return x.is_external() ? x.lease_ms : static_cast<std::int64_t>(settings_.bounds.ack_timeout_ms);
}

/// What the workers of an external agent subscribe to.
subscription_spec namespace_actor::external_queue(const std::string& agent) {
  subscription_spec out;
  out.pattern = call_event_type(agent);
  out.queue = agent;
  out.ack = true;
  return out;
}

/// They are there before the first worker is, so that calls wait for it.
void namespace_actor::open_external_queues() {
  for (auto& [agent, lease_ms] : settings_.external) open_group(external_queue(agent));
}

/// Whether the run of a call has ended, so that nobody waits for an answer.
bool namespace_actor::is_over(const event& call) {
  auto* x = find_seat(orchestrator_name);
  return x != nullptr && x->subscription.is_past(call.seq);
}

void namespace_actor::expire_leases(seat& x, std::int64_t now) {
  auto before = x.subscription.in_hand();
  auto dead = x.subscription.expire(now);
  auto expired = before - x.subscription.in_hand();
  if (expired == 0) return;
  meters_.all().ack_timeouts->inc(static_cast<std::int64_t>(expired));
  for (auto& letter : dead) bury(x, letter, "its last member did not acknowledge it in time");
  mark_changed(x);
}

/// A member is gone or has another socket: what it had in hand goes to others.
void namespace_actor::leave_group(seat& x, const std::string& member, bool crashed) {
  if (!x.subscription.has(member)) return;
  // Who has a call and goes has cost it a try however short it was: its caller waits.
  auto grace_ms = x.is_external() ? 0 : static_cast<std::int64_t>(settings_.bounds.ack_grace_ms);
  for (auto& dead : x.subscription.leave(member, crashed, now_ms(), grace_ms))
    bury(x, dead, "its last member was gone before an ack");
  mark_changed(x);
  feed(x);
}

void namespace_actor::leave_groups(session& who) {
  for (auto& [id, spec] : who.subscriptions)
    if (auto* x = spec.queue.empty() ? nullptr : find_seat(group_name(spec))) leave_group(*x, who.id, true);
}

/// The session is not of the group any more. The group ends with the last one.
void namespace_actor::forget_member(const session& who, const subscription_spec& spec) {
  auto i = spec.queue.empty() ? seats_.end() : seats_.find(group_name(spec));
  if (i == seats_.end()) return;
  leave_group(i->second, who.id, false);
  if (i->second.sessions.erase(who.id) > 0) i->second.subscription.withdraw(who.client_id);
  if (!i->second.sessions.empty() || i->second.is_external()) return;
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
    offer_all(x, now);
    auto wanted = x.subscription.wants_read(sequencer_.log());
    if (!wanted) break;
    if (!read_for(x, *wanted)) break;
  }
  meters_.all().missed->inc(static_cast<std::int64_t>(x.subscription.missed() - missed));
  if (x.subscription.cursor() >= x.kept_cursor + save_every_events) mark_changed(x);
  wake_at(x.subscription.next_due_ms(now));
}

/// What comes by too many hops, or was in hand at too many deaths, is not offered: it is a dead letter. The
/// orchestrator sees to its calls itself, as somebody waits for them.
void namespace_actor::offer_all(seat& x, std::int64_t now) {
  auto is_orchestrator = x.subscription.name() == orchestrator_name;
  std::vector<durable_subscription::offer> to_record;
  while (auto next = x.subscription.next(sequencer_.log(), now)) {
    auto& what = next->what;
    auto goes_round = !what.redelivered && what.what->hops > settings_.bounds.hops && !x.is_group();
    auto died = what.attempt > durable_subscription::max_attempts;
    if (goes_round) meters_.all().too_many_hops->inc();
    if (!is_orchestrator && (goes_round || died)) {
      x.subscription.settle(what.what->seq, next->member);
      bury(x, {what.what, what.attempt - (died ? 1 : 0), what.redelivered},
           died ? "the process died while it was in hand"
                : "hops: " + std::to_string(what.what->hops)
                      + " agents, workflows and calls have led to it, limits.hops is "
                      + std::to_string(settings_.bounds.hops));
      mark_changed(x);
      continue;
    }
    // A process that dies with it in hand must be known to have had it; see durable_subscription::restore.
    auto first = !x.is_group() && !x.marked && !settings_.life.empty();
    if (link_.exists() && (first || what.attempt > 1 || x.recording > 0))
      to_record.push_back(std::move(*next));
    else
      hand_over(x, std::move(*next));
  }
  if (!to_record.empty()) record(x, std::move(to_record));
}

/// Offers these once it is kept that they are in hand. What comes after them waits, too: order stays.
void namespace_actor::record(seat& x, std::vector<durable_subscription::offer> what) {
  x.recording += what.size();
  auto count = what.size();
  auto shared = std::make_shared<std::vector<durable_subscription::offer>>(std::move(what));
  auto done = [this, name = x.subscription.name(), shared, count](const refusal& no) {
    auto* to = find_seat(name);
    if (to == nullptr) return;
    to->recording -= std::min(count, to->recording);
    if (!no.refused()) to->marked = true;
    for (auto& offer : *shared) {
      if (no.refused())
        to->subscription.take_back(offer, now_ms() + record_again_ms);
      else if (to->subscription.is_open(offer))
        hand_over(*to, std::move(offer));
    }
    wake_at(to->subscription.next_due_ms(now_ms()));
  };
  auto no = link_.write({cursor_put(x)}, [done](const store_committed& got) { done(got.first_refusal()); });
  if (no.refused()) done(no);
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
  if (x.is_external())
    if (auto to = find_orchestrator()) send(to, call_buried{what.what->event_id(), error});
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
                         {"attempts", what.attempt}};
  if (what.what->to.empty()) data["error"] = error; // else it may say what only one client may read
  server_event news{"sys.agent.dead_letter", print_json(data), false, what.what->hops + 1};
  if (what.what->client_id == "sys")
    tell(news); // an agent that fails on these would have no end
  else
    announce(news);
}

// -- what is kept of them

void namespace_actor::restore_cursor(durable_subscription& x) {
  auto node = kept_cursors_.extract(x.name());
  if (node.empty()) return;
  try {
    auto is_group = x.name().compare(0, 6, "queue ") == 0; // its members are other processes
    x.restore(node.mapped(), settings_.life, !is_group && !settings_.life.empty(), sequencer_.log().head());
    x.clamp(sequencer_.log().head());
  } catch (const std::exception& error) {
    spdlog::error("namespace {}: {}; it begins at the newest event", settings_.name, error.what());
  }
}

store_write namespace_actor::cursor_put(const seat& x) const {
  auto has_offered = x.marked || x.recording > 0; // in this life
  return {key_put{settings_.name, "cursor/" + x.subscription.name(),
                  x.subscription.snapshot(has_offered ? settings_.life : "", ends_in_order_), 0},
          {}};
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
    if (!x.changed && !(ends_in_order_ && x.marked)) continue;
    if (link_.exists()) writes.push_back(cursor_put(x));
    if (ends_in_order_) x.marked = false; // said once; see end_move
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
