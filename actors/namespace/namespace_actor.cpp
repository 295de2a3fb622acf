#include "actors/namespace/namespace_actor.hpp"

#include "actors/core/drain_rate.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

caf::telemetry::int_counter* counter(caf::actor_system& sys, const std::string& ns, caf::string_view name,
                                     caf::string_view help) {
  return sys.metrics().counter_instance("weir", name, {{"namespace", ns}}, help, "1", true);
}

} // namespace

namespace_actor::namespace_actor(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)),
    sequencer_(settings_.bounds, settings_.epoch, settings_.encode), dead_(settings_.bounds.dead_letters) {
  auto& ns = settings_.name;
  meters_.accepted = counter(system(), ns, "events-accepted", "Events that got a place in the order.");
  meters_.duplicates = counter(system(), ns, "events-duplicate", "Repeats of an accepted event.");
  meters_.refused = counter(system(), ns, "events-refused", "Events and calls that were refused.");
  meters_.dead_letters = counter(system(), ns, "dead-letters", "Events that their agent could not handle.");
  meters_.dropped_letters = counter(system(), ns, "dead-letters-dropped", "Dead letters over the bound.");
  meters_.missed = counter(system(), ns, "agent-events-missed", "Events trimmed before an agent had them.");
}

caf::behavior namespace_actor::make_behavior() {
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  return {
      [this](const attach_relay& what) { add_relay(what.relay); },
      [this](request_batch& batch) { on_batch(batch); },
      [this](const publish_request& what) {
        auto out = on_publish(what);
        fan_out();
        return out;
      },
      [this](const log_request& what) { return sequencer_.log().read(what); },
      [this](subscribe_durably& what) { on_subscribe(what); },
      [this](const settlement& what) { on_settlement(what); },
      [this](const server_event& what) { announce(what); },
  };
}

void namespace_actor::on_exit() {
  // They hold on to the namespace as it does to them.
  relays_.clear();
  seats_.clear();
  open_calls_.clear();
}

void namespace_actor::add_relay(const caf::actor& relay) {
  monitor(relay);
  relays_.push_back(relay);
  attached info;
  info.ns = this;
  info.epoch = sequencer_.epoch();
  info.seq = sequencer_.log().head();
  info.credit = settings_.bounds.relay_credit;
  send(relay, std::move(info));
}

void namespace_actor::on_batch(request_batch& batch) {
  auto relay = caf::actor_cast<caf::actor>(current_sender());
  if (!relay) return;
  answer_batch answers;
  for (auto& next : batch.requests) {
    if (auto* what = std::get_if<publish_request>(&next.what)) {
      answers.answers.push_back(on_publish(*what));
      answers.answers.back().ticket = next.ticket;
    } else if (auto* what = std::get_if<call_request>(&next.what)) {
      answers.answers.push_back(on_call(*what));
      answers.answers.back().ticket = next.ticket;
    } else if (auto* what = std::get_if<log_request>(&next.what)) {
      // What the slice does not hold must come after it, so what is accepted goes out first.
      fan_out();
      auto slice = sequencer_.log().read(*what);
      slice.ticket = next.ticket;
      send(relay, std::move(slice));
    } else if (auto* what = std::get_if<cancel_run>(&next.what)) {
      on_cancel(next.ticket, what->run_id, relay);
    }
  }
  if (!answers.answers.empty()) send(relay, std::move(answers));
  fan_out();
}

answer namespace_actor::count(answer x) {
  if (x.no.refused())
    meters_.refused->inc();
  else if (x.duplicate)
    meters_.duplicates->inc();
  else
    meters_.accepted->inc();
  return x;
}

answer namespace_actor::on_publish(const publish_request& what) {
  return count(sequencer_.publish(what, settings_.wall_clock_ms()));
}

answer namespace_actor::on_call(const call_request& what) {
  answer out;
  if (settings_.targets.count(what.target) == 0) {
    out.no = {code::not_found,
              "unknown_target",
              "nothing named " + what.target + " can be called here",
              0,
              {},
              0,
              0};
    return count(std::move(out));
  }
  if (open_calls_.size() >= settings_.bounds.runs) {
    // Unlike an event, a call has someone waiting: better told to come again than kept in a line.
    out.no = {code::too_many, "namespace_full",   "too many runs in flight", drain_rate::max_retry_ms / 10,
              "namespace",    open_calls_.size(), settings_.bounds.runs};
    return count(std::move(out));
  }
  out = count(sequencer_.call(what, settings_.wall_clock_ms()));
  if (out.no.refused()) return out;
  await_result(out.seq, what.client_id + '/' + what.message_id, what.caller);
  return out;
}

void namespace_actor::await_result(std::uint64_t seq, const std::string& run_id, const watcher& caller) {
  auto* x = find_seat(orchestrator_name);
  auto handled = x != nullptr && seq <= x->subscription.cursor() && !x->subscription.holds(seq);
  if (!handled) {
    auto& call = open_calls_[seq];
    call.run_id = run_id;
    if (call.callers.size() >= max_callers) call.callers.erase(call.callers.begin());
    if (caller.relay) call.callers.push_back(caller);
  }
  // A finished run is asked for as well: the orchestrator remembers the newest results.
  if (x != nullptr && x->subscriber && caller.relay) send(x->subscriber, watch_run{run_id, caller});
}

void namespace_actor::on_cancel(std::uint64_t ticket, const std::string& run_id, const caf::actor& relay) {
  if (auto* x = find_seat(orchestrator_name); x != nullptr && x->subscriber) {
    send(x->subscriber, cancel_run{ticket, run_id, relay});
    return;
  }
  answer out;
  out.ticket = ticket;
  out.no = {code::unavailable, "unavailable", "the orchestrator is restarting", 1000, {}, 0, 0};
  send(relay, answer_batch{{std::move(out)}});
}

void namespace_actor::on_subscribe(subscribe_durably& what) {
  monitor(what.subscriber);
  auto i = seats_.find(what.name);
  if (i == seats_.end()) {
    durable_subscription made{what.name, what.patterns, what.window, sequencer_.log().head()};
    i = seats_.emplace(what.name, seat{std::move(made), nullptr}).first;
  } else if (i->second.subscriber) {
    demonitor(i->second.subscriber);
    i->second.subscription.on_gone(false);
  }
  i->second.subscription.resume(std::move(what.patterns), what.window);
  i->second.subscriber = std::move(what.subscriber);
  if (what.name == orchestrator_name)
    for (auto& [seq, call] : open_calls_)
      for (auto& caller : call.callers) send(i->second.subscriber, watch_run{call.run_id, caller});
  feed(i->second);
}

void namespace_actor::on_settlement(const settlement& what) {
  auto* x = find_seat(what.subscription);
  if (x == nullptr || !x->subscription.settle(what.seq)) return;
  if (what.subscription == orchestrator_name) open_calls_.erase(what.seq);
  feed(*x);
}

void namespace_actor::on_down(const caf::down_msg& msg) {
  auto gone = [&msg](const caf::actor& x) { return x && x.address() == msg.source; };
  relays_.erase(std::remove_if(relays_.begin(), relays_.end(), gone), relays_.end());
  for (auto& [name, x] : seats_)
    if (gone(x.subscriber)) on_subscriber_down(x, msg.reason);
}

void namespace_actor::on_subscriber_down(seat& x, const caf::error& reason) {
  x.subscriber = nullptr;
  auto crashed = reason && reason != caf::exit_reason::user_shutdown;
  for (auto& dead : x.subscription.on_gone(crashed)) bury(x, dead, to_string(reason));
}

void namespace_actor::bury(seat& x, const offered_event& what, const std::string& error) {
  if (x.subscription.name() == orchestrator_name) open_calls_.erase(what.what->seq);
  auto dropped = dead_.dropped();
  dead_.add({what.what, x.subscription.name(), what.attempt, error});
  meters_.dead_letters->inc();
  meters_.dropped_letters->inc(static_cast<std::int64_t>(dead_.dropped() - dropped));
  nlohmann::json data = {{"agent", x.subscription.name()},
                         {"event_id", what.what->event_id()},
                         {"seq", what.what->seq},
                         {"attempts", what.attempt},
                         {"error", error}};
  announce({"sys.agent.dead_letter", data.dump()});
}

void namespace_actor::announce(const server_event& what) {
  sequencer_.announce(what, settings_.wall_clock_ms());
  fan_out();
}

void namespace_actor::fan_out() {
  auto fresh = sequencer_.take_fresh();
  if (fresh.empty()) return;
  if (relays_.size() == 1) {
    send(relays_.front(), delivery_batch{std::move(fresh)});
  } else if (!relays_.empty()) {
    // One message, shared: what is sent to many relays is not copied for each.
    auto msg = caf::make_message(delivery_batch{std::move(fresh)});
    for (auto& relay : relays_) send(relay, msg);
  }
  for (auto& [name, x] : seats_) feed(x);
}

void namespace_actor::feed(seat& x) {
  auto missed = x.subscription.missed();
  while (x.subscriber) {
    auto next = x.subscription.next(sequencer_.log());
    if (!next) break;
    send(x.subscriber, std::move(*next));
  }
  meters_.missed->inc(static_cast<std::int64_t>(x.subscription.missed() - missed));
}

namespace_actor::seat* namespace_actor::find_seat(const std::string& name) {
  auto i = seats_.find(name);
  return i == seats_.end() ? nullptr : &i->second;
}

} // namespace weir
