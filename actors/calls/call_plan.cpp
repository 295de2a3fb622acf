#include "actors/calls/call_plan.hpp"

#include "actors/core/errors.hpp"
#include "actors/core/utf8.hpp"

#include <algorithm>

namespace weir {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

call_plan::call_plan(std::vector<call_step> steps, std::int64_t timeout_ms, backoff delays,
                     std::uint64_t seed)
  : steps_(std::move(steps)), timeout_ms_(timeout_ms), delays_(delays), jitter_(seed) {}

call_plan::action call_plan::begin(time_point now) {
  began_ = now;
  deadline_ = now + milliseconds{timeout_ms_};
  return ask_current(now);
}

call_plan::action call_plan::on_refused(refusal why, time_point now) {
  last_error_ = std::move(why);
  --outcome_.attempts; // nobody has tried anything
  return next_step(now);
}

call_plan::action call_plan::on_over_quota(refusal why, time_point now) {
  last_error_ = std::move(why);
  --outcome_.attempts;
  auto i = next_canned();
  return outcome_.text.empty() && i != steps_.end() ? canned(i->value, now) : give_up(now);
}

std::uint64_t call_plan::on_piece(const std::string& text, time_point now) {
  if (outcome_.first_piece_ms < 0)
    outcome_.first_piece_ms = duration_cast<milliseconds>(now - began_).count();
  auto at = code_points_;
  outcome_.text += text;
  code_points_ += utf8::code_points(text);
  return at;
}

call_plan::action call_plan::on_done(answer_end got, time_point now) {
  auto is_empty = code_points_ == part_from_ && got.tool_calls.empty() && got.refusal_text.empty();
  end_attempt();
  outcome_.usage.input_tokens += got.usage.input_tokens;
  outcome_.usage.output_tokens += got.usage.output_tokens;
  outcome_.finish = got.finish;
  if (is_empty && (got.finish == finish_reason::length || got.finish == finish_reason::content_filter)) {
    last_error_ = nothing_said(got.finish);
    return next_step(now);
  }
  outcome_.tool_calls = std::move(got.tool_calls);
  outcome_.refusal_text = std::move(got.refusal_text);
  if (index_ == 0) return end(run_status::complete, {}, now);
  return end(run_status::degraded, last_error_, now);
}

call_plan::action call_plan::on_failed(refusal error, bool retryable, time_point now) {
  end_attempt();
  last_error_ = std::move(error);
  if (last_error_.status == code::bad_request) return give_up(now);
  if (!retryable || tries_ > step().retries) return next_step(now);
  auto delay = std::max(delays_.delay(tries_ - 1, jitter_.next()), milliseconds{last_error_.retry_after_ms});
  if (now + delay >= deadline_) return next_step(now);
  return pause{delay};
}

call_plan::action call_plan::on_deadline(time_point now) {
  end_attempt();
  if (!outcome_.text.empty()) return end(run_status::partial, out_of_time(), now);
  auto i = next_canned();
  last_error_ = out_of_time();
  return i == steps_.end() ? give_up(now) : canned(i->value, now);
}

call_plan::action call_plan::on_cancel(time_point now) {
  end_attempt();
  return end(run_status::cancelled, {code::cancelled, "cancelled", "the call was cancelled", 0, {}, 0, 0},
             now);
}

call_plan::action call_plan::ask_current(time_point now) {
  if (index_ >= steps_.size() || asked_ >= max_attempts) return give_up(now);
  if (step().canned) return outcome_.text.empty() ? canned(step().value, now) : next_step(now);
  auto left_ms = std::chrono::ceil<milliseconds>(deadline_ - now).count();
  if (left_ms <= 0) return on_deadline(now);
  outcome_.finish = finish_reason::none;
  auto limit_ms = step().attempt_timeout_ms;
  ++tries_;
  ++asked_;
  ++outcome_.attempts;
  queued_of_attempt_ms_ = 0;
  part_from_ = code_points_;
  return ask{step().value, asked_, limit_ms > 0 ? std::min(limit_ms, left_ms) : left_ms};
}

call_plan::action call_plan::next_step(time_point now) {
  ++index_;
  tries_ = 0;
  return ask_current(now);
}

call_plan::action call_plan::give_up(time_point now) {
  return end(outcome_.text.empty() ? run_status::failed : run_status::partial, last_error_, now);
}

// A canned answer ends a call, so all of them are still to come.
std::vector<call_step>::const_iterator call_plan::next_canned() const {
  return std::find_if(steps_.begin(), steps_.end(), [](const call_step& x) { return x.canned; });
}

call_plan::action call_plan::canned(const std::string& text, time_point now) {
  outcome_.text = text;
  outcome_.finish = finish_reason::stop;
  code_points_ = utf8::code_points(text);
  if (code_points_ > 0) outcome_.parts.push_back({"canned", 0, code_points_});
  return end(run_status::degraded, last_error_, now, text);
}

call_plan::action call_plan::end(run_status status, refusal error, time_point now, std::string rest) {
  over_ = true;
  outcome_.status = status;
  outcome_.error = std::move(error);
  outcome_.elapsed_ms = duration_cast<milliseconds>(now - began_).count();
  return finish{std::move(rest)};
}

// Books what the current attempt has added; again does nothing.
void call_plan::end_attempt() {
  outcome_.queued_ms += std::exchange(queued_of_attempt_ms_, 0);
  if (code_points_ > part_from_) outcome_.parts.push_back({step().value, part_from_, code_points_});
  part_from_ = code_points_;
}

refusal call_plan::nothing_said(finish_reason why) const {
  return errors::unavailable("model " + step().value + " said nothing: its answer ended with "
                             + to_string(why));
}

refusal call_plan::out_of_time() const {
  auto message = "the model call did not end within " + std::to_string(timeout_ms_) + " ms";
  if (last_error_.refused()) message += "; before that: " + last_error_.message;
  return {code::deadline, "deadline", std::move(message), 0, {}, 0, 0};
}

} // namespace weir
