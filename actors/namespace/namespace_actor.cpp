// How events come in; time; ends. Where they go on: namespace_keeping.cpp. Calls: namespace_runs.cpp.

#include "actors/namespace/namespace_actor.hpp"

#include "actors/core/crash_log.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/typed_response_promise.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace_actor::namespace_actor(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), link_(this, settings_.store, settings_.keep),
    meters_(settings_.metrics ? settings_.metrics
                              : std::make_shared<namespace_metrics>(system(), settings_.name)),
    sequencer_({settings_.bounds, settings_.epoch, settings_.encode, settings_.refuse_orphans}),
    retention_({settings_.bounds.kept_events, settings_.bounds.kept_bytes, settings_.bounds.log_age_ms}),
    sessions_(settings_.bounds.sessions, settings_.bounds.session_ttl_ms),
    presence_(settings_.bounds.presence_per_s), receipts_(settings_.bounds.receipts),
    dead_(settings_.bounds.dead_letters), memory_(settings_.memory), disk_(settings_.disk) {
  settings_.store = {}; // the link has it
}

caf::behavior namespace_actor::make_behavior() {
  log_crashes(*this, "namespace " + settings_.name);
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  set_exit_handler([this](caf::exit_msg& msg) {
    ends_in_order_ = msg.reason == caf::exit_reason::user_shutdown;
    quit(std::move(msg.reason));
  });
  if (!link_.exists()) {
    begin_subscriptions();
    open_external_queues();
    running_ = true;
    return running();
  }
  monitor(link_.actor());
  load();
  return loading();
}

caf::behavior namespace_actor::running() {
  return {
      [this](const attach_relay& what) { add_relay(what); },
      [this](request_batch& batch) { on_batch(batch); },
      [this](const link_receipt& what) { on_link_receipt(what); },
      [this](move_atom) { begin_move(), end_turn(); },
      [this](const relay_paused&) { on_relay_paused(), end_turn(); },
      [this](publish_request& what) { return on_publish(what); },
      [this](call_request& what) { return on_call(what); },
      [this](const cancel_run& what) { pass_on(what); },
      [this](log_request& what) { return on_read(what); },
      [this](subscribe_durably& what) { on_subscribe(what), end_turn(); },
      [this](const settlement& what) { on_settlement(what), end_turn(); },
      [this](const task_failed& what) { on_task_failed(what), end_turn(); },
      [this](const server_event& what) { tell(what), end_turn(); },
      [this](const server_events& what) {
        for (auto& x : what.all) tell(x);
        end_turn();
      },
      [this](const store_committed& what) {
        if (!is_deposed()) link_.on_committed(what), end_turn();
      },
      [this](store_answer& what) {
        if (!is_deposed()) link_.on_answered(what), end_turn();
      },
      [this](const admin_query& what) -> caf::result<admin_answer> {
        if (what.what == admin_query::verb::events) return list_events(what);
        auto out = on_admin(what);
        end_turn();
        return out;
      },
      [this](tick_atom) { on_sweep(); },
      [this](const retire_namespace& what) { retire(what); },
      [](loaded_atom) {},
      [this](tick_atom, std::uint64_t number) {
        if (number == ticks_) on_tick(); // else an earlier one was asked for since
      },
  };
}

void namespace_actor::on_exit() {
  if (running_) save_cursors();
  meters_.clear();
  // They hold on to the namespace as it does to them.
  relays_.clear();
  seats_.clear();
  open_calls_.clear();
  pending_calls_.clear();
  cancels_.clear();
  waiting_.clear();
  promises_.clear();
  link_.close();
  memory_.hold(0);
  disk_.hold(0);
  settings_.keeper = nullptr;
}

// -- in

void namespace_actor::add_relay(const attach_relay& what) {
  auto& relay = what.relay;
  if (moving_) return send(relay, attach_later{});
  if (is_rewound(what.epoch, what.seq))
    return begin_new_epoch("a gateway was told of seq " + std::to_string(what.seq));
  flush(); // what it is told to go on from has gone to the others
  auto link_limit = relay.node() == system().node() ? 0 : settings_.bounds.link_bytes;
  if (auto* there = find_relay(caf::actor_cast<caf::strong_actor_ptr>(relay))) { // it has asked twice
    if (there->link.leaves_out()) send(relay, there->link.resume(sequencer_.log().head()));
    there->link = link_credit{link_limit};
  } else {
    monitor(relay);
    relays_.push_back({next_number_++, relay, {}, link_credit{link_limit}, false});
  }
  attached info;
  info.ns = this;
  info.epoch = sequencer_.epoch();
  info.seq = sequencer_.log().head();
  info.credit = settings_.bounds.relay_credit;
  info.label = meters_.all().label;
  info.link_bytes = link_limit;
  send(relay, std::move(info));
}

/// Whether somebody was told of more of this history than there is. To be asked of those alone who can be
/// believed: other nodes, and what this cluster has signed.
bool namespace_actor::is_rewound(const std::string& epoch, std::uint64_t told) {
  return link_.exists() && epoch == sequencer_.epoch() && told > sequencer_.log().head();
}

/// The log in the store is not the one that was acknowledged: its successor goes on under another name.
void namespace_actor::begin_new_epoch(const std::string& why) {
  spdlog::error("namespace.new_epoch namespace={} epoch={} before={} head={} reason=\"{}\"", settings_.name,
                settings_.epoch, sequencer_.epoch(), sequencer_.log().head(), why);
  meters_.all().new_epochs->inc();
  link_.try_write({{log_rename{settings_.name, make_session_id()}, {}}});
  quit(caf::make_error(caf::sec::runtime_error, why));
}

void namespace_actor::on_batch(request_batch& batch) {
  auto* from = find_relay(current_sender());
  if (from == nullptr || is_deposed()) return;
  used_at_ms_ = now_ms();
  for (auto& next : batch.requests)
    std::visit([&](auto& what) { on_request(*from, next.ticket, what); }, next.what);
  end_turn();
}

void namespace_actor::on_link_receipt(const link_receipt& what) {
  auto* from = find_relay(current_sender());
  if (from == nullptr || !from->link.on_receipt(what.bytes)) return;
  flush(); // what it is told to go on from has been sent, or left out
  send(from->actor, from->link.resume(sequencer_.log().head()));
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, publish_request& what) {
  if (auto no = check_shares(); no.refused()) {
    meters_.refused(no.reason);
    return answer_to(from, ticket, std::move(no));
  }
  if (what.receipt != receipt_kind::none)
    if (auto* who = sessions_.find(attachment{from.number, what.subscriber})) {
      receipt_book::entry x;
      x.event_id = what.client_id + '/' + what.message_id;
      x.session = who->id;
      x.type = what.type;
      x.to = what.to;
      x.kind = what.receipt;
      x.added_ms = now_ms();
      auto forgotten = receipts_.forgotten();
      receipts_.add(std::move(x));
      meters_.all().receipts_forgotten->inc(static_cast<std::int64_t>(receipts_.forgotten() - forgotten));
    }
  auto ephemeral = what.ephemeral;
  asker who{from.number, ticket, what.read_at_ns};
  submit(event_of(std::move(what), wall_ms()), who, ephemeral);
}

void namespace_actor::on_request(relay_entry& from, std::uint64_t ticket, log_request& what) {
  auto number = from.number;
  read(
      what,
      [this, number, ticket](log_slice slice) {
        slice.ticket = ticket;
        if (auto* to = find_relay(number)) send(to->actor, std::move(slice));
      },
      [this, number, ticket](refusal no) {
        if (auto* to = find_relay(number)) answer_to(*to, ticket, std::move(no));
      });
}

caf::result<answer> namespace_actor::on_publish(publish_request& what) {
  auto ephemeral = what.ephemeral;
  auto ticket = next_number_++;
  auto promise = make_response_promise<answer>();
  promises_.emplace(ticket, promise);
  submit(event_of(std::move(what), wall_ms()), {promise_source, ticket}, ephemeral);
  end_turn();
  return promise;
}

caf::result<log_slice> namespace_actor::on_read(log_request& what) {
  auto promise = make_response_promise<log_slice>();
  read(
      what, [promise](log_slice slice) mutable { promise.deliver(std::move(slice)); },
      [promise](const refusal& no) mutable {
        promise.deliver(caf::make_error(caf::sec::runtime_error, no.message));
      });
  end_turn();
  return promise;
}

void namespace_actor::submit(event x, asker who, bool ephemeral) {
  auto predecessor = x.prev_event_id;
  if (!sequencer_.submit(std::move(x), who, now_ms(), ephemeral)) return;
  auto slash = predecessor.find('/');
  find_event what{settings_.name, predecessor.substr(0, slash), predecessor.substr(slash + 1)};
  // Without an answer it waits for its time to be over, like one whose predecessor never comes.
  link_.read(std::move(what), [this, predecessor](store_answer& got) {
    auto* place = std::get_if<std::optional<event_place>>(&got.what);
    if (place != nullptr && *place) sequencer_.on_predecessor(predecessor, now());
  });
}

/// What the store has read, as the answer of a log request.
log_slice namespace_actor::slice_of(const log_read& found, bool with_frames) const {
  log_slice out;
  out.deliveries.reserve(found.records.size());
  for (auto& x : found.records)
    out.deliveries.push_back({x.what, with_frames && settings_.encode ? settings_.encode(*x.what) : nullptr});
  out.first_kept = found.first_kept;
  out.read_to = found.read_to;
  out.head = sequencer_.log().head();
  return out;
}

void namespace_actor::read(const log_request& what, std::function<void(log_slice)> then,
                           std::function<void(refusal)> failed) {
  flush(); // what the slice does not hold must come after it
  auto& log = sequencer_.log();
  auto slice = log.read(what);
  // Of a backward read the log in memory may have enough though the store has more.
  auto enough = what.before_seq > 0 && slice.deliveries.size() >= what.limit;
  if (!link_.exists() || enough || log.covers(what, retention_.first_kept())) return then(std::move(slice));
  auto no = link_.read(read_log{settings_.name, what}, [this, then, failed](store_answer& got) {
    auto* found = std::get_if<log_read>(&got.what);
    if (found == nullptr) return failed(std::get<refusal>(got.what));
    if (found->head < sequencer_.log().head())
      return quit(caf::make_error(caf::sec::runtime_error, "the store's log went back"));
    flush(); // as above: what was kept before this answer has come before it
    then(slice_of(*found, true));
  });
  if (no.refused()) failed(std::move(no));
}

void namespace_actor::announce(const server_event& what, bool ephemeral) {
  sequencer_.announce(what, now(), ephemeral);
}

/// What the server says of itself. An agent that fails on that would make it say more.
void namespace_actor::tell(const server_event& what) {
  if (what.ephemeral && relays_.empty()) return; // nobody is there to hear it
  if (what.hops <= settings_.bounds.hops) return announce(what, what.ephemeral);
  meters_.all().too_many_hops->inc();
}

// -- time and ends

std::int64_t namespace_actor::now_ms() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(clock().now().time_since_epoch()).count();
}

instant namespace_actor::now() const { return {now_ms(), wall_ms()}; }

/// Sees to it that a tick comes by then: both are the actor clock's, so neither can run away from the other.
/// @param when_ms 0: none is wanted.
void namespace_actor::wake_at(std::int64_t when_ms) {
  if (when_ms == 0 || (wake_at_ms_ > 0 && wake_at_ms_ <= when_ms)) return;
  wake_at_ms_ = when_ms;
  delayed_send(this, std::chrono::milliseconds{std::max<std::int64_t>(when_ms - now_ms(), 1)}, tick_atom_v,
               ++ticks_);
}

void namespace_actor::on_tick() {
  if (is_deposed()) return;
  auto now = now_ms();
  wake_at_ms_ = 0;
  sequencer_.expire(this->now());
  expire_sessions();
  for (auto& x : presence_.flush(now)) announce(x, true);
  tell_receipts();
  for (auto& [name, x] : seats_) {
    if (x.is_group()) expire_leases(x, now);
    feed(x);
  }
  if (save_at_ms_ > 0 && now >= save_at_ms_) save_cursors();
  trim();
  end_turn();
}

/// What is due before the next one gets a timer in `end_turn`.
void namespace_actor::on_sweep() {
  if (is_deposed()) return;
  trim();
  give_back();
  end_turn();
}

void namespace_actor::on_down(const caf::down_msg& msg) {
  if (link_.exists() && link_.actor().address() == msg.source)
    return quit(caf::make_error(caf::sec::runtime_error, "the store is gone"));
  for (auto i = relays_.begin(); i != relays_.end(); ++i) {
    if (i->actor.address() != msg.source) continue;
    auto number = i->number;
    watcher_left(*i, 0);
    relays_.erase(i);
    auto left = sessions_.behind(number);
    lost_.insert(lost_.end(), left.begin(), left.end());
    detach_lost();
    break;
  }
  for (auto& [name, x] : seats_)
    if (x.subscriber && x.subscriber.address() == msg.source) on_subscriber_down(x, msg.reason);
  if (running_) end_turn();
  note_vacancy();
}

} // namespace weir
