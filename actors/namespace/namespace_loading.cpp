// How a namespace takes up what the store has of it. Until then nobody is let in.

#include "actors/namespace/namespace_actor.hpp"
#include "actors/store/event_ages.hpp"

#include <caf/behavior.hpp>
#include <caf/skip.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

namespace weir {

namespace {

constexpr auto retry_after = std::chrono::milliseconds{500};
constexpr std::uint64_t keys_at_once = 1000;

/// So much of the log is in memory before anybody is let in; what is older is read from the store when it is
/// wanted. Nobody waits for 10,000 events when a namespace moves.
constexpr std::uint64_t events_at_start = 1000;

/// What is kept of a namespace beside its log. Results and threads are read when they are asked for.
constexpr std::array<const char*, 3> kept = {"cursor/", "dead/", "session/"};

bool starts_with(const std::string& text, std::string_view prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

} // namespace

caf::behavior namespace_actor::loading() {
  set_default_handler(caf::skip); // agents and the host can wait; they are few
  return {
      [this](move_atom) { quit(); }, // nothing of it is anywhere but in the store
      [this](const attach_relay& what) {
        if (!failing_) return waiting_.push_back(what);
        attached out;
        out.no = {code::unavailable,
                  "unavailable",
                  "namespace " + settings_.name + " cannot read its store",
                  1000,
                  {},
                  0,
                  0};
        send(what.relay, std::move(out));
      },
      [this](const store_committed& what) { link_.on_committed(what); },
      [this](store_answer& what) { link_.on_answered(what); },
  };
}

/// Asks for something, and goes on with it when it comes.
template <class T, class Then>
void namespace_actor::load_step(store_link::request what, Then then) {
  auto no = link_.read(std::move(what), [this, then](store_answer& got) {
    if (auto* x = std::get_if<T>(&got.what))
      then(*x);
    else
      load_failed(std::get<refusal>(got.what));
  });
  if (no.refused()) load_failed(no);
}

/// Begins again some time later, or, with half of it done, leaves that to a successor.
void namespace_actor::load_failed(const refusal& why) {
  failing_ = true;
  for (auto& x : std::exchange(waiting_, {})) {
    attached out;
    out.no = why;
    send(x.relay, std::move(out));
  }
  if (half_loaded_)
    return quit(caf::make_error(caf::sec::runtime_error, "cannot read the store: " + why.message));
  run_delayed(retry_after, [this] { load(); });
}

void namespace_actor::load() {
  if (settings_.begins_anew) {
    half_loaded_ = true;
    beginning_ = beginning::first;
    return keep_beginning();
  }
  load_step<log_state>(read_log_state{settings_.name}, [this](log_state& state) {
    half_loaded_ = true;
    beginning_ = begin_from(state);
    load_newest(state, state.head + 1);
  });
}

/// Decides how the log goes on, and makes its state that.
namespace_actor::beginning namespace_actor::begin_from(log_state& state) {
  auto is_new = state.epoch.empty();
  if (state.integrity == log_integrity::whole) {
    if (is_new) state.epoch = settings_.epoch;
    return is_new ? beginning::first : beginning::goes_on;
  }
  spdlog::error("namespace.new_epoch namespace={} epoch={} before={} head={} reason=\"{}\"", settings_.name,
                settings_.epoch, state.epoch, state.head, state.why);
  meters_.all().new_epochs->inc();
  auto broken = state.integrity == log_integrity::broken;
  if (broken) state = {};
  state.epoch = settings_.epoch;
  if (is_new) return beginning::first;
  return broken ? beginning::anew : beginning::renamed;
}

/// The newest events, backwards, until there are enough to begin with.
void namespace_actor::load_newest(log_state state, std::uint64_t before_seq) {
  std::uint64_t bytes = 0;
  for (auto& x : newest_) bytes += x->size_bytes();
  auto most = std::min<std::uint64_t>(settings_.bounds.log_events, events_at_start);
  if (before_seq <= state.first_kept || newest_.size() >= most || bytes >= settings_.bounds.log_bytes)
    return load_age(std::move(state));
  log_request what;
  what.patterns = {">"};
  what.before_seq = before_seq;
  what.limit =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(most - newest_.size(), store::max_scanned_events));
  load_step<log_read>(read_log{settings_.name, what}, [this, state](log_read& got) {
    for (auto i = got.records.rbegin(); i != got.records.rend(); ++i) newest_.push_back(std::move(i->what));
    load_newest(state, got.records.empty() ? 0 : got.read_to);
  });
}

/// How old the oldest event is: by the wall clock, within what is possible.
void namespace_actor::load_age(log_state state) {
  sequencer_.resume(state.epoch, state.head - newest_.size());
  auto newest_ms = newest_.empty() ? 0 : newest_.front()->ts_ms;
  for (; !newest_.empty(); newest_.pop_back()) sequencer_.restore(std::move(newest_.back()));
  sequencer_.set_stored_from(state.first_kept);
  if (state.count() == 0) { // all has been trimmed
    retention_.restore(state.first_kept, state.head, 0, 0, 0);
    return load_ids();
  }
  log_request oldest;
  oldest.patterns = {">"};
  oldest.after_seq = state.first_kept - 1;
  oldest.limit = 1;
  load_step<log_read>(read_log{settings_.name, oldest}, [this, state, newest_ms](log_read& got) {
    auto oldest_ms = got.records.empty() ? newest_ms : got.records.front().what->ts_ms;
    auto now = this->now();
    auto kept_ms = [&](std::int64_t ts_ms) {
      auto most = static_cast<std::int64_t>(settings_.bounds.log_age_ms);
      return now.now_ms - std::clamp<std::int64_t>(now.wall_ms - ts_ms, 0, most);
    };
    auto oldest_kept_ms = kept_ms(oldest_ms);
    retention_.restore(state.first_kept, state.head, state.bytes, oldest_kept_ms,
                       std::max(oldest_kept_ms, kept_ms(newest_ms)));
    load_ids();
  });
}

void namespace_actor::load_ids() {
  if (beginning_ == beginning::anew) return load_keys(0, {}); // those that are there are of what is dropped
  auto window_ms = static_cast<std::int64_t>(settings_.bounds.dedupe_ms);
  load_step<std::vector<event_mark>>(
      read_newest_ids{settings_.name, settings_.bounds.dedupe_ids, window_ms},
      [this, window_ms](std::vector<event_mark>& got) {
        auto now = this->now();
        event_ages ages{window_ms};
        ages.next(now.wall_ms);
        for (auto i = got.rbegin(); i != got.rend(); ++i)
          i->ts_ms = now.now_ms - ages.next(i->ts_ms).value_or(window_ms);
        for (auto& x : got) sequencer_.restore(std::move(x.event_id), {x.seq, x.content_hash}, x.ts_ms);
        load_keys(0, {});
      });
}

/// @param kind whose turn it is, of `kept`.
void namespace_actor::load_keys(std::size_t kind, const std::string& after) {
  if (kind == kept.size()) return check_keys(), keep_beginning();
  load_step<std::vector<key_entry>>(scan_keys{settings_.name, kept[kind], after, keys_at_once},
                                    [this, kind](std::vector<key_entry>& got) {
                                      for (auto& x : got) take_key(x);
                                      if (got.size() < keys_at_once) return load_keys(kind + 1, {});
                                      load_keys(kind, got.back().key);
                                    });
}

void namespace_actor::take_key(const key_entry& x) {
  if (starts_with(x.key, "session/")) {
    // How long its socket has been gone is not known: it has all its time from now on.
    if (auto found = decode_session(x.key.substr(8), x.value)) sessions_.add(std::move(*found), now_ms());
  } else if (starts_with(x.key, "cursor/")) {
    kept_cursors_[x.key.substr(7)] = x.value;
  } else if (starts_with(x.key, "dead/")) {
    if (auto found = decode_dead_letter(x.value)) dead_.add(std::move(*found));
  }
}

/// With each log that begins the orchestrator's cursor is kept, and it is never deleted.
void namespace_actor::check_keys() {
  if (beginning_ != beginning::goes_on || sequencer_.log().head() == 0) return;
  if (settings_.subscribers.count(orchestrator_name) == 0 || kept_cursors_.count(orchestrator_name) > 0)
    return;
  spdlog::error(
      "namespace.new_epoch namespace={} epoch={} before={} head={} reason=\"its keys are not there\"",
      settings_.name, settings_.epoch, sequencer_.epoch(), sequencer_.log().head());
  meters_.all().new_epochs->inc();
  beginning_ = beginning::renamed;
  sequencer_.rename(settings_.epoch);
}

/// Keeps what clients and agents rely on from the first event on: the name of the history, and where each
/// durable subscription begins. Else a crash before they are next kept would change both.
void namespace_actor::keep_beginning() {
  auto writes = begin_subscriptions();
  if (beginning_ == beginning::renamed)
    writes.push_back({log_rename{settings_.name, sequencer_.epoch()}, {}});
  else if (beginning_ != beginning::goes_on)
    writes.push_back({log_reset{settings_.name, sequencer_.epoch()}, {}});
  if (writes.empty()) return on_loaded();
  auto no = link_.write(std::move(writes), [this](const store_committed& done) {
    if (auto failed = done.first_refusal(); failed.refused()) return load_failed(failed);
    on_loaded();
  });
  if (no.refused()) load_failed(no);
}

/// Those that have not been here before begin with what comes now, whenever they get to say so.
std::vector<store_write> namespace_actor::begin_subscriptions() {
  std::vector<store_write> out;
  auto names = settings_.subscribers;
  for (auto& [agent, lease_ms] : settings_.external) names.insert(group_name(external_queue(agent)));
  for (auto& name : names) {
    durable_subscription made{name, {}, sequencer_.log().head()};
    auto [there, added] = kept_cursors_.try_emplace(name, made.snapshot());
    if (added) out.push_back({key_put{settings_.name, "cursor/" + name, there->second, 0}, {}});
  }
  return out;
}

void namespace_actor::on_loaded() {
  open_external_queues();
  sessions_.each([this](session& x) {
    for (auto& [id, spec] : x.subscriptions)
      if (!spec.queue.empty()) enter_group(x, spec);
  });
  running_ = true;
  set_default_handler(caf::print_and_drop);
  become(running());
  spdlog::debug("namespace {} is open: {} events, {} sessions", settings_.name, sequencer_.log().size(),
                sessions_.size());
  for (auto& x : std::exchange(waiting_, {})) add_relay(x);
  trim();
  end_turn();
}

} // namespace weir
