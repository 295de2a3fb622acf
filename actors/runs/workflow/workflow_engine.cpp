#include "actors/runs/workflow/workflow_engine.hpp"

#include "actors/core/json_text.hpp"
#include "actors/runs/workflow/workflow_template.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::uint32_t frames_of_a_step = 16;
constexpr std::uint64_t remembered_values = 4;
constexpr std::size_t small_queue = 8;

refusal above(const char* reason, std::string message) {
  return {code::too_large, reason, std::move(message), 0, {}, 0, 0};
}

} // namespace

workflow_engine::workflow_engine(std::shared_ptr<const workflow> plan, std::string run_id,
                                 machine::bounds limits)
  : plan_(std::move(plan)), run_id_(std::move(run_id)), limits_(limits) {}

std::vector<workflow_machine::action> workflow_engine::apply(const machine::record& what) {
  if (over_) return {};
  now_ms_ = what.at_ms;
  auto by_ms = now_ms_;
  if (auto* x = std::get_if<machine::call_ended>(&what.what))
    if (x->what.error.status == code::deadline) by_ms += deadline_slack_ms;
  expire(by_ms);
  if (!over_) std::visit([this](auto& x) { on(x); }, what.what);
  drain();
  return std::exchange(actions_, {});
}

// -- inputs

void workflow_engine::on(const machine::begun& what) {
  if (serials_ > 0) return;
  input_ = what.input;
  begin({nullptr, plan_->root.get(), 0, false}, what.input);
}

void workflow_engine::on(const machine::call_ended& what) {
  auto open = std::find_if(frames_.begin(), frames_.end(), [&what](auto& x) {
    return x->number_ == what.step && what.step != 0 && !x->waits_;
  });
  if (open == frames_.end()) return;
  auto& frame = **open;
  frame.number_ = 0;
  --in_flight_;
  usage_.input_tokens += what.what.usage.input_tokens;
  usage_.output_tokens += what.what.usage.output_tokens;
  if (!frame.fails(check_size(what.what.output.size()))) frame.on_call(what.what);
}

void workflow_engine::on(const machine::cancelled& what) {
  if (serials_ > 0) return frames_.front()->cancel(what.why);
  step_result out;
  out.status = run_status::cancelled;
  out.error = {code::cancelled, "cancelled", what.why, 0, {}, 0, 0};
  finish(std::move(out));
}

// -- steps

void workflow_engine::begin(const workflow_frame::place& where, std::string value) {
  auto made = make_frame(*this, where);
  auto& x = *made;
  frames_.push_back(std::move(made));
  x.serial_ = ++serials_;
  if (where.parent != nullptr) ++where.parent->children_;
  auto end_ms = where.parent == nullptr ? now_ms_ + plan_->timeout_ms : where.parent->until_ms_;
  auto own_ms = where.step->timeout_ms;
  if (where.undoes) end_ms = workflow_frame::never;
  if (where.undoes && own_ms == 0) own_ms = default_undo_ms;
  x.set_time(own_ms, end_ms);
  if (x.fails(admit(x))) return;
  if (where.step->input) value = fill(*where.step->input, value);
  if (!x.fails(check_size(value.size()))) queue_.push_back({&x, true, std::move(value)});
}

refusal workflow_engine::admit(const workflow_frame& x) {
  if (x.depth_ > limits_.depth)
    return above("too_deep", "more than " + std::to_string(limits_.depth) + " steps in each other");
  if (x.undoes_) ++undo_frames_;
  auto begun = x.undoes_ ? undo_frames_ : serials_ - undo_frames_;
  if (begun <= limits_.steps * frames_of_a_step) return {};
  return above("too_many_steps", "the run has more than " + std::to_string(limits_.steps) + " steps");
}

refusal workflow_engine::admit_step(const workflow_frame& by) {
  if (by.undoes_) return {};
  if (steps_ == limits_.steps)
    return above("too_many_steps", "the run has more than " + std::to_string(limits_.steps) + " steps");
  ++steps_;
  return {};
}

refusal workflow_engine::check_size(std::size_t bytes) const {
  if (bytes <= limits_.output_bytes) return {};
  return above("too_large", "a value of " + std::to_string(bytes) + " bytes, more than "
                                + std::to_string(limits_.output_bytes));
}

refusal workflow_engine::call(workflow_frame& by, const std::string& target, std::string input,
                              std::uint32_t attempt, bool stream) {
  if (in_flight_ >= limits_.calls_in_flight && !by.undoes_)
    return above("too_many_calls", "the run has " + std::to_string(in_flight_) + " calls in flight");
  if (auto no = check_size(input.size()); no.refused()) return no;
  if (auto no = admit_step(by); no.refused()) return no;
  by.number_ = ++numbers_;
  by.waits_ = false;
  by.since_ms_ = now_ms_;
  ++in_flight_;
  machine::start_call out;
  out.step = by.number_;
  out.path = by.full_path();
  out.target = target;
  out.input = std::move(input);
  out.timeout_ms = std::max<std::int64_t>(by.until_ms_ - now_ms_, 1);
  out.attempt = attempt;
  out.stream = stream;
  actions_.emplace_back(std::move(out));
  return {};
}

refusal workflow_engine::wait(workflow_frame& by, const std::string& pattern) {
  if (auto no = admit_step(by); no.refused()) return no;
  by.number_ = ++numbers_;
  by.waits_ = true;
  by.since_ms_ = now_ms_;
  actions_.emplace_back(machine::start_wait{by.number_, by.full_path(), pattern});
  return {};
}

void workflow_engine::stop(workflow_frame& x) {
  auto number = std::exchange(x.number_, 0);
  if (x.waits_) return void(actions_.emplace_back(machine::stop_wait{number}));
  --in_flight_;
  actions_.emplace_back(machine::stop_call{number});
}

void workflow_engine::cancel_children(const workflow_frame& of) {
  for (auto& x : frames_)
    if (x->parent_ == &of) x->cancel("not needed any more");
}

void workflow_engine::ended(workflow_frame& x) { queue_.push_back({&x, false, {}}); }

void workflow_engine::drain() {
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    auto next = std::move(queue_[i]);
    if (next.begins)
      next.frame->start_if_open(std::move(next.value));
    else
      end(*next.frame);
  }
  queue_.clear();
  if (queue_.capacity() > small_queue) queue_ = {};
}

void workflow_engine::end(workflow_frame& x) {
  auto result = std::move(*x.decided_);
  if (result.good()) {
    auto no = check_size(result.output.size());
    if (!no.refused() && !x.step_->id.empty()) no = remember(*x.step_, result.output);
    if (no.refused()) {
      no.message = x.full_path() + ": " + no.message;
      result.status = run_status::failed;
      result.output = "null";
      result.error = std::move(no);
    }
  }
  auto* parent = x.parent_;
  auto branch = x.branch_;
  auto at = std::find_if(frames_.rbegin(), frames_.rend(), [&x](auto& y) { return y.get() == &x; });
  frames_.erase(std::next(at).base());
  if (parent == nullptr) return finish(std::move(result));
  parent->child_ended(branch, std::move(result));
}

/// What could not be undone is told with the error; without one the result is no better than degraded.
void workflow_engine::finish(step_result what) {
  over_ = true;
  machine::finish out{what.status, std::move(what.output), std::move(what.error), usage_};
  if (!what.good()) out.output = "null";
  if (!what.note.empty() && out.error.refused()) out.error.message += "; " + what.note;
  if (!what.note.empty() && !out.error.refused()) {
    if (out.status == run_status::complete) out.status = run_status::degraded;
    out.error = {code::internal, "undo_failed", what.note, 0, {}, 0, 0};
  }
  actions_.emplace_back(std::move(out));
  outputs_ = {};
  held_ = {};
  input_ = {};
}

// -- values

std::string workflow_engine::fill(const nlohmann::json& input, const std::string& value) const {
  auto output_of = [this](std::string_view id) -> const std::string* {
    for (auto& [known, output] : outputs_)
      if (*known == id) return &output;
    return nullptr;
  };
  return expand_template(input, {input_, value, run_id_, output_of});
}

refusal workflow_engine::remember(const workflow_step& of, const std::string& output) {
  auto known = std::find_if(outputs_.begin(), outputs_.end(), [&of](auto& x) { return *x.first == of.id; });
  std::size_t bytes = output.size();
  for (auto i = outputs_.begin(); i != outputs_.end(); ++i)
    if (i != known) bytes += i->second.size();
  if (bytes > limits_.output_bytes * remembered_values)
    return above("too_large", "the outputs of steps with an id are " + std::to_string(bytes)
                                  + " bytes, more than "
                                  + std::to_string(limits_.output_bytes * remembered_values));
  if (known == outputs_.end())
    outputs_.emplace_back(&of.id, output);
  else
    known->second = output;
  return {};
}

// -- time

std::optional<std::int64_t> workflow_engine::next_deadline_ms() const {
  auto out = workflow_frame::never;
  for (auto& x : frames_) out = std::min(out, x->timer_ms_);
  if (out == workflow_frame::never) return std::nullopt;
  return out;
}

/// The outermost first, whatever was due before in it: so that nothing is begun that is stopped at once.
void workflow_engine::expire(std::int64_t by_ms) {
  auto before = serials_;
  while (auto* x = over_ ? nullptr : most_expired(by_ms, before)) {
    x->on_time();
    drain();
  }
}

workflow_frame* workflow_engine::most_expired(std::int64_t by_ms, std::uint32_t before) const {
  workflow_frame* out = nullptr;
  for (auto& x : frames_) {
    if (x->timer_ms_ > by_ms || x->serial_ > before) continue;
    bool first =
        out == nullptr || std::pair{x->depth_, x->timer_ms_} < std::pair{out->depth_, out->timer_ms_};
    if (first) out = x.get();
  }
  return out;
}

std::vector<workflow_machine::open_step> workflow_engine::open() const {
  std::vector<machine::open_step> out;
  for (auto& x : frames_)
    if (x->number_ != 0) out.push_back({x->number_, x->full_path(), x->open_on(), x->since_ms_, x->waits_});
  return out;
}

} // namespace weir
