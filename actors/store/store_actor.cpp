#include "actors/store/store_actor.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/core/wall_clock.hpp"
#include "actors/store/ask.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace weir {

namespace {

using steady = std::chrono::steady_clock;

std::uint64_t count_events(const store_batch& x) {
  std::uint64_t n = 0;
  for (auto& w : x.writes)
    if (auto* append = std::get_if<log_append>(&w.what)) n += append->records.size();
  return n;
}

/// For the log.
const std::string& text_of(const refusal& x) { return x.detail.empty() ? x.message : x.detail; }

/// What refused a group, or a batch of it, as a whole; empty: nothing did.
std::string trouble_of(const group_result& x) {
  if (x.cause.empty()) return {};
  if (x.no.refused()) return text_of(x.no);
  for (auto& batch : x.batches)
    for (auto& one : batch)
      if (one.no.status == code::unavailable) return text_of(one.no);
  return x.cause;
}

std::uint64_t first_seq(const log_append& x) { return x.records.empty() ? 0 : x.records.front().what->seq; }

} // namespace

store_actor::store_actor(caf::actor_config& cfg, std::unique_ptr<store> what, config settings)
  : caf::event_based_actor(cfg), store_(std::move(what)), settings_(std::move(settings)), metrics_(system()) {
  if (!settings_.wall_clock_ms) settings_.wall_clock_ms = wall_clock_ms;
}

caf::behavior store_actor::make_behavior() {
  log_crashes(*this, "the store");
  delayed_send(this, settings_.sweep_every, tick_atom_v);
  run_delayed(settings_.check_every, [this] { check(); });
  return {
      [this](permit& place, store_batch& batch) { enqueue_batch(place, batch); },
      [this](permit& place, const store_read& what) { return enqueue_read(place, what); },
      [this](store_flush_atom) {
        flush_sent_ = false;
        flush();
      },
      [this](store_read_next_atom) { read_next(); },
      [this](tick_atom) { sweep(); },
  };
}

void store_actor::on_exit() {
  group_.clear();
  reads_.clear();
  store_.reset();
}

void store_actor::enqueue_batch(permit& place, store_batch& batch) {
  group_events_ += count_events(batch);
  group_.push_back({std::move(place), current_sender(), std::move(batch)});
  if (group_events_ >= settings_.group_events) return flush();
  if (flush_sent_) return;
  flush_sent_ = true;
  send(this, store_flush_atom_v);
}

caf::result<store_answer> store_actor::enqueue_read(permit& place, const store_read& what) {
  auto answer = make_response_promise<store_answer>();
  reads_.push_back({std::move(place), answer, what});
  if (!std::exchange(read_sent_, true)) send(this, store_read_next_atom_v);
  return answer;
}

/// One of them, then what has come meanwhile.
void store_actor::read_next() {
  read_sent_ = false;
  if (reads_.empty()) return;
  auto next = std::move(reads_.front());
  reads_.pop_front();
  if (!reads_.empty()) {
    read_sent_ = true;
    send(this, store_read_next_atom_v);
  }
  auto out = ask(*store_, next.what, settings_.wall_clock_ms());
  if (std::holds_alternative<refusal>(out.what)) metrics_.on_error("read");
  if (auto* copy = std::get_if<copied_store>(&out.what); copy != nullptr && copy->path.empty()) {
    reads_.push_back(std::move(next)); // there is more of it
    if (!std::exchange(read_sent_, true)) send(this, store_read_next_atom_v);
    return;
  }
  next.place.release(); // before the answer: whoever has it may offer the next
  next.answer.deliver(std::move(out));
}

void store_actor::flush() {
  if (group_.empty()) return;
  std::vector<const store_batch*> batches;
  batches.reserve(group_.size());
  for (auto& x : group_) batches.push_back(&x.batch);
  auto begin = steady::now();
  auto result = store_->write(batches, settings_.wall_clock_ms());
  metrics_.on_commit(steady::now() - begin, group_events_);
  if (!result.cause.empty()) metrics_.on_error(result.cause);
  note_write(result);
  for (std::size_t i = 0; i < group_.size(); ++i) {
    if (result.no.refused())
      settle(group_[i], {group_[i].batch.id, result.no, {}});
    else
      settle(group_[i], {group_[i].batch.id, {}, std::move(result.batches[i])});
  }
  group_.clear();
  group_events_ = 0;
}

void store_actor::settle(waiting& x, store_committed answer) {
  explain(x.batch, answer);
  x.place.release(); // before the answer: whoever has it may offer the next
  if (x.sender) send(caf::actor_cast<caf::actor>(x.sender), std::move(answer));
}

void store_actor::explain(const store_batch& batch, store_committed& answer) {
  if (answer.no.refused()) {
    for (auto& x : batch.writes)
      if (auto* append = std::get_if<log_append>(&x.what)) remember_failure(*append, answer.no, false);
    return;
  }
  for (std::size_t i = 0; i < batch.writes.size(); ++i) {
    auto& no = answer.writes[i].no;
    if (no.refused()) metrics_.on_refused_write(no.reason);
    auto* append = std::get_if<log_append>(&batch.writes[i].what);
    if (append && no.status == code::unavailable) {
      remember_failure(*append, no, answer.writes[i].maybe_written);
      continue;
    }
    auto broken = append ? broken_.find(append->ns) : broken_.end();
    if (broken == broken_.end()) continue;
    auto behind_it = first_seq(*append) > broken->second.first_seq;
    if (!no.refused() || !behind_it)
      broken_.erase(broken); // its writer knows, and has begun again from the head
    else if (no.reason == store_reason::out_of_order)
      no = broken->second.why;
  }
}

/// What may have been written is not explained away: then the log may have gone on, and its namespace has to
/// learn from the 409 that it must read it again.
void store_actor::remember_failure(const log_append& failed, const refusal& why, bool maybe_written) {
  auto& ns = failed.ns;
  if (maybe_written)
    broken_.erase(ns);
  else if (broken_.size() < max_broken || broken_.count(ns) > 0)
    // Of several that fail behind each other the first one says where their writer goes on.
    broken_[ns] = {why, broken_.count(ns) > 0 ? std::min(broken_[ns].first_seq, first_seq(failed))
                                              : first_seq(failed)};
}

void store_actor::sweep() {
  auto done = store_->sweep(settings_.wall_clock_ms(), settings_.sweep_step);
  auto* n = std::get_if<std::uint64_t>(&done);
  if (n)
    metrics_.on_swept(*n);
  else
    metrics_.on_error("sweep");
  bool more = n && *n >= settings_.sweep_step;
  delayed_send(this, more ? settings_.sweep_pause : settings_.sweep_every, tick_atom_v);
}

void store_actor::check() {
  auto no = store_->check();
  note_trouble(check_trouble_, no.refused() ? text_of(no) : std::string{});
  if (!write_trouble_.empty() && group_.empty()) probe();
  run_delayed(settings_.check_every, [this] { check(); });
}

/// Whether it takes something again. No namespace can have this name.
void store_actor::probe() {
  store_batch small{0, durability::process, {{key_put{"_node", "probe", "{}", 0, {}}, {}}}};
  note_write(store_->write(small, settings_.wall_clock_ms()));
}

void store_actor::note_write(const group_result& what) {
  if (!what.cause.empty()) ++refused_;
  note_trouble(write_trouble_, trouble_of(what));
}

/// @param of whose trouble it is: writes', or what `check` found.
void store_actor::note_trouble(std::string& of, std::string why) {
  if (of.empty() && why.empty()) return;
  auto before = !write_trouble_.empty() || !check_trouble_.empty();
  of = std::move(why);
  auto& now = check_trouble_.empty() ? write_trouble_ : check_trouble_;
  if (settings_.waits)
    now.empty() ? settings_.waits->got(readiness::need::store)
                : settings_.waits->wait_for(readiness::need::store);
  metrics_.set_failing(!now.empty());
  if (!before) {
    trouble_since_ = clock().now();
    spdlog::error("store.failing error=\"{}\"", now);
  } else if (now.empty()) {
    auto took = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - trouble_since_);
    spdlog::info("store.recovered after_ms={} refused_commits={}", took.count(), std::exchange(refused_, 0));
  }
}

store_handle start_store(caf::actor_system& sys, std::unique_ptr<store> what, store_options options) {
  auto box = inbox::make(sys, {"store", options.inbox_limit, "store_full", "node"});
  auto actor = options.detached
                   ? sys.spawn<store_actor, caf::detached>(std::move(what), std::move(options.actor))
                   : sys.spawn<store_actor>(std::move(what), std::move(options.actor));
  return {std::move(actor), std::move(box)};
}

} // namespace weir
