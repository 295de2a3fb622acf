// Calls and runs: between those who call, watch and work, and the orchestrator.

#include "actors/core/drain_rate.hpp"
#include "actors/namespace/namespace_actor.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal unknown_target(const std::string& name) {
  return {code::not_found, "unknown_target", "nothing named " + name + " can be called here", 0, {}, 0, 0};
}

refusal restarting() {
  return {code::unavailable, "unavailable", "the orchestrator is restarting", 1000, {}, 0, 0};
}

refusal not_in_hand(const std::string& run_id) {
  return {code::conflict,
          "conflict",
          "run_id: the call " + run_id + " is not in this session's hands: it takes the calls of an external "
              + "agent from the queue of that agent's name, with `ack`",
          0,
          {},
          0,
          0};
}

refusal lost_call(const std::string& run_id) {
  return {code::not_found, "unknown_run", "the call " + run_id + " is not in the log", 0, {}, 0, 0};
}

bool is(const watcher& x, const caf::actor& relay, std::uint64_t subscriber) {
  return x.relay == relay && (subscriber == 0 || x.subscriber == subscriber);
}

/// One connection waits once: what it asked for last counts.
void replace(std::vector<watcher>& all, const watcher& who) {
  std::erase_if(all, [&who](const watcher& x) { return is(x, who.relay, who.subscriber); });
  all.push_back(who);
}

} // namespace

// -- calls

/// Why a call cannot be taken now.
refusal namespace_actor::check_call(const call_request& what) const {
  if (settings_.targets.count(what.target) == 0) return unknown_target(what.target);
  auto open = open_calls_.size() + pending_calls_.size();
  if (open < settings_.bounds.runs) return {};
  // Unlike an event, a call has someone waiting: better told to come again than kept in a line.
  return {code::too_many,
          "namespace_full",
          "too many runs in flight",
          drain_rate::max_retry_ms / 10,
          "namespace",
          open,
          settings_.bounds.runs};
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, call_request& what) {
  auto no = check_shares();
  if (!no.refused()) no = check_call(what);
  if (no.refused()) {
    meters_.refused(no.reason);
    return answer_to(from, ticket, std::move(no));
  }
  pending_calls_[{from.number, ticket}] = {what.client_id + '/' + what.message_id, what.caller,
                                           what.cancel_on_disconnect};
  submit(event_of(what, wall_ms()), {from.number, ticket, what.read_at_ns}, false);
}

caf::result<answer> namespace_actor::on_call(call_request& what) {
  if (auto no = check_call(what); no.refused()) {
    meters_.refused(no.reason);
    answer out;
    out.no = std::move(no);
    return out;
  }
  auto ticket = next_number_++;
  auto promise = make_response_promise<answer>();
  promises_.emplace(ticket, promise);
  pending_calls_[{promise_source, ticket}] = {what.client_id + '/' + what.message_id, what.caller,
                                              what.cancel_on_disconnect};
  submit(event_of(what, wall_ms()), {promise_source, ticket}, false);
  end_turn();
  return promise;
}

/// A call has its place in the log: whoever made it waits for the run.
void namespace_actor::await_result(std::uint64_t seq, const pending_call& what) {
  auto* x = find_seat(orchestrator_name);
  auto over = x != nullptr && x->subscription.is_past(seq);
  open_call once{what.run_id, {}, {}, false};
  auto& call = over ? once : open_calls_[seq];
  call.run_id = what.run_id;
  call.abandoned = call.abandoned || (what.tied && !what.caller.relay);
  if (what.caller.relay) {
    if (call.callers.size() >= settings_.bounds.run_watchers) call.callers.erase(call.callers.begin());
    replace(call.callers, what.caller);
    if (what.tied) call.tied_to = what.caller;
  }
  if (x == nullptr || !x->subscriber) return; // told when it is there
  open_call news{what.run_id, {}, call.tied_to, call.abandoned};
  if (what.caller.relay) news.callers.push_back(what.caller);
  tell_callers(x->subscriber, news, over);
}

void namespace_actor::tell_callers(const caf::actor& orchestrator, const open_call& x, bool over) {
  for (auto& caller : x.callers) {
    auto tied = x.tied_to.relay && is(x.tied_to, caller.relay, caller.subscriber);
    caf::anon_send(orchestrator, watch_run{x.run_id, caller, over, tied, false});
  }
  if (x.abandoned) caf::anon_send(orchestrator, watch_run{x.run_id, {}, over, true, true});
}

// -- cancelling and watching

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, cancel_run& what) {
  if (!pass_on({ticket, what.run_id, from.actor}))
    answer_to(from, ticket,
              {code::unavailable, "unavailable", "the orchestrator is restarting", 1000, {}, 0, 0});
}

bool namespace_actor::pass_on(cancel_run order) {
  if (auto* x = find_seat(orchestrator_name); x != nullptr && x->subscriber)
    send(x->subscriber, std::move(order));
  else if (cancels_.size() < max_cancels)
    cancels_.push_back(std::move(order)); // it gets the calls first
  else
    return false;
  return true;
}

caf::actor namespace_actor::find_orchestrator() {
  auto* x = find_seat(orchestrator_name);
  return x == nullptr ? nullptr : x->subscriber;
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, watch_request& what) {
  // Told again to the next orchestrator, like the callers.
  auto call = open_calls_.find(sequencer_.find(what.run_id, now_ms()));
  if (call != open_calls_.end() && call->second.callers.size() < settings_.bounds.run_watchers)
    replace(call->second.callers, what.who);
  ask_to_watch(from, ticket, what);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, unwatch_request& what) {
  auto call = open_calls_.find(sequencer_.find(what.run_id, now_ms()));
  if (call != open_calls_.end())
    std::erase_if(call->second.callers,
                  [&what](const watcher& x) { return is(x, what.who.relay, what.who.subscriber); });
  ask_to_watch(from, ticket, what);
}

/// Who follows waits like one who has called here. Where nothing is known of the call, as in a history that
/// begins anew, there is nothing to wait for.
void namespace_actor::on_request(relay_entry& from, std::uint64_t, follow_run& what) {
  auto seq = what.seq > 0 ? what.seq : sequencer_.find(what.run_id, now_ms());
  if (seq > 0 && seq <= sequencer_.log().head()) return await_result(seq, {what.run_id, what.who, what.tied});
  run_update out;
  out.subscriber = what.who.subscriber;
  out.finished = true;
  out.result.run_id = what.run_id;
  out.result.error = lost_call(what.run_id);
  send(from.actor, std::move(out));
}

/// The orchestrator answers the relay itself, so that its answer comes before what the run says.
template <class Request>
void namespace_actor::ask_to_watch(relay_entry& from, std::uint64_t ticket, Request& what) {
  auto to = find_orchestrator();
  if (!to) return answer_to(from, ticket, restarting());
  what.ticket = ticket;
  auto number = from.number;
  request(to, caf::infinite, std::move(what))
      .then([] {},
            [this, number, ticket](const caf::error&) {
              if (auto* back = find_relay(number)) answer_to(*back, ticket, restarting());
            });
}

/// A connection is gone, or (`subscriber` 0) all of a relay.
void namespace_actor::watcher_left(const relay_entry& from, std::uint64_t subscriber) {
  for (auto& [origin, x] : pending_calls_)
    if (origin.first == from.number && is(x.caller, from.actor, subscriber)) x.caller = {};
  for (auto& [seq, x] : open_calls_) {
    std::erase_if(x.callers, [&](const watcher& y) { return is(y, from.actor, subscriber); });
    if (!x.tied_to.relay || !is(x.tied_to, from.actor, subscriber)) continue;
    x.tied_to = {};
    x.abandoned = true;
  }
  if (auto to = find_orchestrator()) send(to, watcher_gone{from.actor, subscriber});
}

// -- external agents

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, worker_delta& what) {
  pass_on_work(from, ticket, what, true);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, worker_result& what) {
  pass_on_work(from, ticket, what, false);
}

template <class Request>
void namespace_actor::pass_on_work(relay_entry& from, std::uint64_t ticket, Request& what, bool renew) {
  auto* who = sessions_.find(attachment{from.number, what.subscriber});
  if (who == nullptr || !has_in_hand(*who, what.run_id, renew))
    return answer_to(from, ticket, not_in_hand(what.run_id));
  auto to = find_orchestrator();
  if (!to) return answer_to(from, ticket, restarting());
  auto number = from.number;
  auto reply = [this, number, ticket](const refusal& no) {
    if (auto* back = find_relay(number)) answer_to(*back, ticket, no);
  };
  request(to, caf::infinite, std::move(what))
      .then([reply](const answer& got) { reply(got.no); },
            [reply](const caf::error&) {
              reply({code::unavailable, "unavailable", "the run has ended", 100, {}, 0, 0});
            });
}

/// Whether a call is in the session's hands by the queue of the agent that is called.
/// @param renew what it says shows that it is at it.
bool namespace_actor::has_in_hand(const session& who, const std::string& run_id, bool renew) {
  for (auto& [id, spec] : who.subscriptions) {
    auto* group = spec.queue.empty() || !spec.ack ? nullptr : find_seat(group_name(spec));
    if (group == nullptr) continue;
    auto seq = find_in_hand(*group, run_id, who.id);
    auto held = group->subscription.in_hands_of(seq, who.id);
    if (!held || held->type != call_event_type(spec.queue)) continue;
    if (renew) group->subscription.renew(seq, who.id, now_ms());
    return true;
  }
  return false;
}

} // namespace weir
