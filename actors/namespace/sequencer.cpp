#include "actors/namespace/sequencer.hpp"

#include "actors/core/drain_rate.hpp"
#include "actors/core/json_print.hpp"
#include "actors/event/content_hash.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal conflict(const std::string& id) {
  return {code::conflict, "conflict", id + " was accepted before with other content", 0, {}, 0, 0};
}

refusal orphaned(const event& x) {
  return {code::conflict,
          "predecessor_missing",
          "prev_event_id: " + x.prev_event_id + " did not come",
          0,
          {},
          0,
          0};
}

/// The hash of the same event with its data printed anew: compact, keys in order. Versions that did not pass
/// data on as it came kept this one.
std::uint64_t reprinted_hash(event x) {
  x.data = print_json(nlohmann::json::parse(x.data, nullptr, false));
  return content_hash(x);
}

} // namespace

sequencer::sequencer(config settings)
  : settings_(std::move(settings)), incarnation_(settings_.epoch),
    log_({settings_.bounds.log_events, settings_.bounds.log_bytes}),
    window_(settings_.bounds.dedupe_ids, settings_.bounds.dedupe_ms),
    held_(settings_.bounds.causal_events, settings_.bounds.log_bytes, settings_.bounds.causal_wait_ms) {}

void sequencer::resume(std::string epoch, std::uint64_t head) {
  settings_.epoch = std::move(epoch);
  log_.begin_after(head);
  next_seq_ = head + 1;
}

void sequencer::restore(event_ptr kept) {
  next_seq_ = kept->seq + 1;
  delivery x{std::move(kept), nullptr};
  if (settings_.encode) x.frame = settings_.encode(*x.what);
  log_.append(std::move(x));
}

void sequencer::restore(std::string event_id, dedupe_window::entry what, std::int64_t accepted_ms) {
  window_.add(std::move(event_id), what, accepted_ms);
}

bool sequencer::submit(event x, asker who, std::int64_t now_ms, bool ephemeral) {
  // A repeat is known at once, also while the first one's predecessor is not in the window any more.
  auto waits = !x.prev_event_id.empty() && !is_known(x.prev_event_id, now_ms)
               && (ephemeral || window_.find(x.event_id(), now_ms) == nullptr);
  if (!waits) {
    accept(std::move(x), who, now_ms, ephemeral);
    return false;
  }
  auto oldest_known = window_.oldest_seq();
  auto look_up =
      stored_from_ > 0 && stored_from_ <= log_.head() && (oldest_known == 0 || stored_from_ < oldest_known);
  auto predecessor = x.prev_event_id;
  auto bytes = x.size_bytes();
  if (held_.hold(std::move(predecessor), {std::move(x), who, ephemeral}, bytes, now_ms)) return look_up;
  refuse(who, {code::too_many, "causal_full", "too many events wait for their predecessors",
               static_cast<std::int64_t>(settings_.bounds.causal_wait_ms), "namespace", held_.size(),
               held_.limit()});
  return false;
}

std::uint64_t sequencer::find(const std::string& event_id, std::int64_t now_ms) {
  auto* x = window_.find(event_id, now_ms);
  return x == nullptr ? 0 : x->seq;
}

bool sequencer::is_known(const std::string& event_id, std::int64_t now_ms) {
  if (window_.find(event_id, now_ms) != nullptr) return true;
  if (stored_from_ > 0) return false; // to be looked up
  auto oldest = window_.oldest_seq();
  auto covered = oldest > 0 && oldest <= log_.first_kept();
  return !covered && in_memory_log(event_id);
}

/// Past the window, and without a store that has an index.
bool sequencer::in_memory_log(const std::string& event_id) const {
  for (auto seq = log_.first_kept(); seq <= log_.head(); ++seq) {
    auto& x = *log_.at(seq)->what;
    if (x.client_id.size() + 1 + x.message_id.size() == event_id.size() && x.event_id() == event_id)
      return true;
  }
  return false;
}

void sequencer::on_predecessor(const std::string& event_id, instant now) {
  for (auto& x : held_.release(event_id)) {
    x.what.ts_ms = now.wall_ms;
    accept(std::move(x.what), x.who, now.now_ms, x.ephemeral);
  }
}

void sequencer::expire(instant now) {
  held_event x;
  while (held_.expire(now.now_ms, x)) {
    if (settings_.refuse_orphans) {
      refuse(x.who, orphaned(x.what));
      continue;
    }
    x.what.causal_gap = true;
    x.what.ts_ms = now.wall_ms;
    accept(std::move(x.what), x.who, now.now_ms, x.ephemeral);
  }
}

/// Accepts an event, then what waited for it, then what waited for that.
void sequencer::accept(event x, asker who, std::int64_t now_ms, bool ephemeral) {
  if (held_.size() == 0) return accept_one(std::move(x), who, now_ms, ephemeral);
  std::deque<held_event> ready;
  ready.push_back({std::move(x), who, ephemeral});
  while (!ready.empty()) {
    auto next = std::move(ready.front());
    ready.pop_front();
    auto id = !next.ephemeral ? next.what.event_id() : std::string{};
    auto ts_ms = next.what.ts_ms;
    accept_one(std::move(next.what), next.who, now_ms, next.ephemeral);
    if (id.empty()) continue;
    for (auto& follower : held_.release(id)) {
      follower.what.ts_ms = ts_ms;
      ready.push_back(std::move(follower));
    }
  }
}

void sequencer::accept_one(event x, asker who, std::int64_t now_ms, bool ephemeral) {
  if (ephemeral) return add({who, {}, {std::make_shared<const event>(std::move(x)), 0}});
  auto hash = content_hash(x);
  auto id = x.event_id();
  if (auto* seen = window_.find(id, now_ms)) {
    if (seen->content_hash != hash && seen->content_hash != reprinted_hash(x))
      return refuse(who, conflict(id));
    answer repeat;
    repeat.seq = seen->seq;
    repeat.duplicate = true;
    if (seen->seq > log_.head()) return add({who, repeat, {}});
    settled_.answers.emplace_back(who, std::move(repeat));
    return;
  }
  x.seq = next_seq_++;
  answer reply;
  reply.seq = x.seq;
  window_.add(std::move(id), {x.seq, hash}, now_ms);
  add({who, reply, {std::make_shared<const event>(std::move(x)), hash, who.read_at_ns}});
}

void sequencer::announce(const server_event& what, instant now, bool ephemeral) {
  event x;
  if (!ephemeral) x.seq = next_seq_++;
  x.type = what.type;
  x.client_id = "sys";
  // What is not kept has no seq to be named by, and the epoch outlives the one who counts.
  x.message_id = ephemeral ? incarnation_ + ".e" + std::to_string(++announced_)
                           : settings_.epoch + '.' + std::to_string(x.seq);
  x.ts_ms = now.wall_ms;
  x.data = what.data;
  x.hops = what.hops;
  auto hash = content_hash(x);
  if (!ephemeral) window_.add(x.event_id(), {x.seq, hash}, now.now_ms);
  add({{}, {}, {std::make_shared<const event>(std::move(x)), hash}});
}

void sequencer::add(entry x) {
  if (open_.empty()) open_.reserve(last_batch_size_);
  open_.push_back(std::move(x));
}

std::optional<sequencer::batch> sequencer::seal() {
  if (open_.empty()) return std::nullopt;
  auto entries = std::exchange(open_, {});
  last_batch_size_ = entries.size();
  batch out;
  out.events.reserve(entries.size());
  for (auto& x : entries)
    if (x.event.what && !x.event.what->ephemeral()) out.events.push_back(x.event);
  if (!out.events.empty()) {
    out.id = next_batch_++;
    in_flight_.push_back({out.id, std::move(entries)});
    return out;
  }
  // Nothing to keep, but what is on its way goes before it.
  if (in_flight_.empty())
    for (auto& x : entries) settle(x);
  else
    std::move(entries.begin(), entries.end(), std::back_inserter(in_flight_.back().entries));
  return std::nullopt;
}

void sequencer::on_kept(std::uint64_t batch_id) {
  if (in_flight_.empty() || in_flight_.front().id != batch_id)
    throw std::logic_error("a batch was kept out of order");
  auto kept = std::move(in_flight_.front());
  in_flight_.pop_front();
  settled_.answers.reserve(settled_.answers.size() + kept.entries.size());
  settled_.deliveries.reserve(settled_.deliveries.size() + kept.entries.size());
  for (auto& x : kept.entries) settle(x);
}

void sequencer::settle(entry& x) {
  if (x.event.what) {
    delivery out{std::move(x.event.what), nullptr};
    if (settings_.encode) out.frame = settings_.encode(*out.what);
    if (!out.what->ephemeral()) log_.append(out);
    settled_.deliveries.push_back(std::move(out));
  }
  if (x.who.source > 0) settled_.answers.emplace_back(x.who, std::move(x.reply));
}

bool sequencer::is_in_flight(std::uint64_t batch_id) const noexcept {
  return std::any_of(in_flight_.begin(), in_flight_.end(), [&](auto& x) { return x.id == batch_id; });
}

void sequencer::on_failed(std::uint64_t batch_id, const refusal& no) {
  auto first = std::find_if(in_flight_.begin(), in_flight_.end(), [&](auto& x) { return x.id == batch_id; });
  if (first == in_flight_.end()) return; // undone with an earlier one
  std::vector<entry> undone;
  for (auto i = first; i != in_flight_.end(); ++i)
    std::move(i->entries.begin(), i->entries.end(), std::back_inserter(undone));
  in_flight_.erase(first, in_flight_.end());
  for (auto& x : std::exchange(open_, {})) undone.push_back(std::move(x));
  for (auto i = undone.rbegin(); i != undone.rend(); ++i) take_back(*i);
  for (auto& x : undone) {
    if (x.event.what && x.event.what->ephemeral())
      settle(x); // it needs no store
    else
      refuse(x.who, no);
  }
}

void sequencer::take_back(const entry& x) {
  if (!x.event.what || x.event.what->ephemeral()) return;
  window_.take_back(x.event.what->event_id());
  next_seq_ = x.event.what->seq;
}

void sequencer::refuse(asker who, refusal no) {
  if (who.source == 0) return;
  answer out;
  out.no = std::move(no);
  settled_.answers.emplace_back(who, std::move(out));
}

std::string call_event_type(const std::string& target) { return "sys.call." + target; }

std::string call_event_data(const call_request& what) {
  // The input is JSON text already: spliced in, not parsed again.
  auto out =
      R"({"target":)" + json_string(what.target) + R"(,"timeout_ms":)" + std::to_string(what.timeout_ms);
  if (!what.thread.empty()) out += R"(,"thread":)" + json_string(what.thread);
  if (what.on_busy != busy_policy::concurrent)
    out += R"(,"on_busy":")" + std::string{to_string(what.on_busy)} + '"';
  if (what.cancel_on_disconnect) out += R"(,"on_disconnect":"cancel")";
  return out + R"(,"input":)" + what.input + "}";
}

event event_of(publish_request what, std::int64_t wall_ms) {
  event x;
  x.type = std::move(what.type);
  x.client_id = std::move(what.client_id);
  x.message_id = std::move(what.message_id);
  x.prev_event_id = std::move(what.prev_event_id);
  x.to = std::move(what.to);
  x.ts_ms = wall_ms;
  x.data = std::move(what.data);
  x.receipt = what.receipt;
  x.hops = what.hops;
  return x;
}

event event_of(const call_request& what, std::int64_t wall_ms) {
  event x;
  x.type = call_event_type(what.target);
  x.client_id = what.client_id;
  x.message_id = what.message_id;
  x.prev_event_id = what.prev_event_id;
  x.ts_ms = wall_ms;
  x.data = call_event_data(what);
  x.hops = what.hops;
  return x;
}

} // namespace weir
