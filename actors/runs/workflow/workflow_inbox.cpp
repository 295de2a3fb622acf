// Events that a run may await: which it has seen, which it holds, and who takes them.

#include "actors/core/json_text.hpp"
#include "actors/event/pattern.hpp"
#include "actors/runs/workflow/workflow_engine.hpp"

#include <algorithm>

namespace weir {

namespace {

bool is_of_run(const std::string& data, const std::string& run_id) {
  if (data.find("run_id") == std::string::npos) return false;
  auto x = parse_json(data);
  return x.is_object() && x.contains("run_id") && x["run_id"] == run_id;
}

} // namespace

/// One event is for one await: the first that began to wait, of those that want it.
void workflow_engine::on(const machine::event_came& what) {
  if (!is_new(what.seq)) return;
  held_event x{what.seq, what.type, what.client_id, what.data, is_of_run(what.data, run_id_)};
  for (auto& frame : frames_)
    if (frame->number_ != 0 && frame->waits_ && frame->on_event(x)) return;
  for (auto* await : awaits_of(*plan_->root))
    if (wants(*await, x)) return hold(std::move(x));
}

bool workflow_engine::is_new(std::uint64_t seq) {
  auto place = std::lower_bound(seen_.begin(), seen_.end(), seq);
  if (seq < seen_below_ || (place != seen_.end() && *place == seq)) return false;
  seen_.insert(place, seq);
  if (seen_.size() > max_seen_events) {
    seen_below_ = seen_.front() + 1;
    seen_.erase(seen_.begin());
  }
  return true;
}

void workflow_engine::hold(held_event what) {
  if (held_.size() == max_held_events) {
    held_.erase(held_.begin());
    ++dropped_;
  }
  held_.push_back(std::move(what));
}

bool workflow_engine::wants(const plan::await& x, const held_event& what) {
  if (!matches(x.pattern, what.type) || (!x.any_run && !what.of_this_run)) return false;
  return !x.where || holds(*x.where, parse_json(what.data));
}

std::optional<held_event> workflow_engine::take_held(const plan::await& by) {
  auto found = std::find_if(held_.begin(), held_.end(), [&by](auto& x) { return wants(by, x); });
  if (found == held_.end()) return std::nullopt;
  auto out = std::move(*found);
  held_.erase(found);
  return out;
}

} // namespace weir
