#include "actors/runs/workflow/workflow_frame.hpp"

#include "actors/runs/workflow/workflow_engine.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::size_t max_note_bytes = 4096; // then what else could not be undone is not told one by one

/// complete < degraded < partial, unlike the enumeration.
int badness(run_status x) noexcept {
  if (x == run_status::partial) return 2;
  return x == run_status::degraded ? 1 : 0;
}

} // namespace

bool is_mistake(const refusal& x) noexcept {
  return x.status == code::bad_request || (x.status == code::not_found && x.reason == "unknown_target");
}

void standing::add(const step_result& what) {
  if (badness(what.status) <= badness(status_)) return;
  status_ = what.status;
  why_ = std::make_unique<refusal>(what.error);
}

step_result standing::with(std::string output) const {
  step_result out;
  out.status = status_;
  out.output = std::move(output);
  if (why_) out.error = *why_;
  return out;
}

workflow_frame::workflow_frame(workflow_engine& engine, const place& where)
  : engine_(engine), parent_(where.parent), step_(where.step), branch_(where.branch),
    depth_(static_cast<std::uint16_t>(where.parent == nullptr ? 1 : where.parent->depth_ + 1)),
    undoes_(where.undoes || (where.parent != nullptr && where.parent->undoes_)) {}

std::string workflow_frame::path() const {
  if (parent_ == nullptr) return {};
  auto above = parent_->path();
  auto* outer = parent_->parent_;
  // A loop's list is not named as a sequence: it is written without that word.
  bool in_list = outer != nullptr && is_plain_list(*parent_->step_)
                 && std::holds_alternative<plan::loop>(outer->step_->what);
  if (in_list) return above + '[' + std::to_string(branch_) + ']';
  return (above.empty() ? above : above + '.') + child_key(*parent_->step_, branch_);
}

std::string workflow_frame::full_path() const {
  auto out = path();
  return (out.empty() ? out : out + '.') + pattern_key(*step_);
}

// -- what a pattern may leave out

void workflow_frame::on_child(std::uint32_t, step_result) {}
void workflow_frame::on_call(workflow_machine::outcome) {}
bool workflow_frame::on_event(const held_event&) { return false; }

const std::string& workflow_frame::open_on() const {
  static const std::string nothing;
  return nothing;
}

void workflow_frame::on_time() {
  if (parent_ != nullptr) return conclude(failure(code::deadline, "deadline", "its time is over"));
  auto out = failure(code::deadline, "deadline", "the run's time is over");
  if (auto at = engine_.open(); !at.empty()) out.error.message = at[0].path + ": the run's time is over";
  conclude(std::move(out));
}

void workflow_frame::set_time(std::int64_t own_ms, std::int64_t end_ms) {
  auto own_end_ms = own_ms > 0 ? engine_.now_ms() + own_ms : never;
  until_ms_ = std::min(own_end_ms, end_ms);
  timer_ms_ = parent_ == nullptr ? until_ms_ : own_end_ms;
}

void workflow_frame::note(std::string what) {
  if (what.empty()) return;
  if (!notes_)
    notes_ = std::make_unique<std::string>(std::move(what));
  else if (notes_->size() < max_note_bytes)
    *notes_ += "; " + what;
}

// -- its end

void workflow_frame::cancel(const std::string& why) {
  step_result out;
  out.status = run_status::cancelled;
  out.error = {code::cancelled, "cancelled", why, 0, {}, 0, 0};
  conclude(std::move(out));
}

void workflow_frame::conclude(step_result what) {
  if (decided_) return;
  decided_ = std::make_unique<step_result>(std::move(what));
  timer_ms_ = never;
  if (number_ != 0) engine_.stop(*this);
  if (children_ > 0) engine_.cancel_children(*this);
  settle();
}

void workflow_frame::settle() {
  if (children_ > 0 || unwind()) return;
  if (notes_) decided_->note = std::move(*notes_);
  engine_.ended(*this);
}

void workflow_frame::child_ended(std::uint32_t branch, step_result what) {
  --children_;
  note(std::move(what.note));
  if (!decided_) return on_child(branch, std::move(what));
  absorb(what);
  settle();
}

void workflow_frame::start_if_open(std::string value) {
  if (!decided_) start(std::move(value));
}

// -- what a pattern says

step_result workflow_frame::failure(code status, const char* reason, std::string message) const {
  step_result out;
  out.status = run_status::failed;
  out.error = {status, reason, full_path() + ": " + message, 0, {}, 0, 0};
  return out;
}

step_result workflow_frame::unreadable() const {
  return failure(code::conflict, "unreadable",
                 "the condition cannot be asked: the answer is no JSON, or its text holds no JSON object");
}

/// What a call is to a plan: it succeeds, or it fails. Its error says where it was.
step_result workflow_frame::result_of(workflow_machine::outcome got, const std::string& who) const {
  step_result out;
  out.status = got.status;
  if (out.status == run_status::complete) {
    out.output = std::move(got.output);
    return out;
  }
  if (!out.good()) {
    out.status = run_status::failed;
    if (!got.error.refused()) got.error = {code::internal, "failed", "it failed", 0, {}, 0, 0};
  } else {
    out.output = std::move(got.output);
  }
  out.error = std::move(got.error);
  out.error.message = full_path() + ": " + (who.empty() ? who : who + ": ") + out.error.message;
  return out;
}

bool workflow_frame::fails(refusal why) {
  if (!why.refused()) return false;
  why.message = full_path() + ": " + why.message;
  step_result out;
  out.status = run_status::failed;
  out.error = std::move(why);
  conclude(std::move(out));
  return true;
}

void workflow_frame::begin(std::uint32_t branch, const workflow_step& what, std::string value, bool undoes) {
  engine_.begin({this, &what, branch, undoes}, std::move(value));
}

frame_ptr make_frame(workflow_engine& engine, const workflow_frame::place& where) {
  return std::visit([&](auto& what) { return make_frame(engine, where, what); }, where.step->what);
}

} // namespace weir
