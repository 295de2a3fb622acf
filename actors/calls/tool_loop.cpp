#include "actors/calls/tool_loop.hpp"

#include "actors/calls/json_check.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "actors/core/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <set>

namespace weir {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

namespace {

constexpr std::size_t excerpt_bytes = 200;

std::string error_text(const std::string& message) { return print_json(nlohmann::json{{"error", message}}); }

refusal failed(std::string message) { return {code::internal, "failed", std::move(message), 0, {}, 0, 0}; }

// Results go back under the ids of their calls, so each has one of its own, whatever the model wrote.
void give_ids(std::vector<tool_call>& calls) {
  std::set<std::string> taken;
  std::size_t n = 0;
  for (auto& x : calls)
    while (x.id.empty() || !taken.insert(x.id).second) x.id = "call_" + std::to_string(++n);
}

/// The longest beginning that is not above `max` bytes, with U+FFFD for what is not UTF-8.
std::string well_formed(std::string_view text, std::size_t max) {
  constexpr std::string_view replacement = "\xEF\xBF\xBD";
  std::string out;
  out.reserve(std::min(text.size(), max));
  while (!text.empty()) {
    auto size = utf8::well_formed_bytes(text);
    auto next = size == 0 ? replacement : text.substr(0, size);
    if (out.size() + next.size() > max) break;
    out += next;
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return out;
}

} // namespace

tool_loop::tool_loop(std::vector<chat_message> messages, std::vector<tool_spec> tools,
                     std::int64_t timeout_ms, bounds limits)
  : messages_(std::move(messages)), tools_(std::move(tools)), timeout_ms_(timeout_ms), bounds_(limits) {
  bounds_.rounds = std::min(bounds_.rounds, max_rounds);
}

tool_loop::action tool_loop::begin(time_point now) {
  began_ = now;
  deadline_ = now + milliseconds{timeout_ms_};
  return ask_model(now);
}

tool_loop::action tool_loop::on_model(const call_outcome& got, time_point now) {
  if (over_) return wait{};
  book(got);
  if (got.status == run_status::failed && !outcome_.text.empty())
    return end(run_status::partial, got.error, now);
  if (got.status != run_status::complete && got.status != run_status::degraded)
    return end(got.status, got.error, now);
  if (got.status == run_status::degraded && !std::exchange(degraded_, true)) degraded_by_ = got.error;
  if (got.tool_calls.empty()) return end(run_status::complete, {}, now);
  return may_call() ? start_round(got.tool_calls, got.text, now) : no_more_rounds(got, now);
}

tool_loop::action tool_loop::on_result(std::uint32_t number, tool_result result, time_point now) {
  auto i = std::find_if(slots_.begin(), slots_.end(), [number](auto& x) { return x.number == number; });
  if (over_ || i == slots_.end() || i->result) return wait{};
  ++(result.failed ? counts_.failed : counts_.done);
  i->result = fitting(result.failed ? error_text(result.text) : std::move(result.text));
  return --missing_ > 0 ? action{wait{}} : next_round(now);
}

tool_loop::action tool_loop::on_deadline(time_point now) {
  if (over_) return wait{};
  return end(outcome_.text.empty() ? run_status::failed : run_status::partial, out_of_time(), now);
}

tool_loop::action tool_loop::on_cancel(time_point now) {
  if (over_) return wait{};
  return end(run_status::cancelled, {code::cancelled, "cancelled", "the call was cancelled", 0, {}, 0, 0},
             now);
}

tool_loop::action tool_loop::ask_model(time_point now) {
  auto left_ms = std::chrono::ceil<milliseconds>(deadline_ - now).count();
  if (left_ms <= 0) return on_deadline(now);
  round_began_ = now;
  return ask{messages_, may_call() ? tools_ : std::vector<tool_spec>{}, left_ms};
}

tool_loop::action tool_loop::start_round(std::vector<tool_call> calls, const std::string& said,
                                         time_point now) {
  give_ids(calls);
  slots_.clear();
  start out;
  for (auto& x : calls) {
    slots_.push_back({++last_number_, x.id, x.name, {}});
    auto wrong = check(x);
    if (slots_.size() > bounds_.calls_per_round)
      wrong = "not run: at most " + std::to_string(bounds_.calls_per_round) + " calls at once";
    if (wrong.empty()) {
      out.calls.push_back({last_number_, round_, x});
      continue;
    }
    ++counts_.refused;
    slots_.back().result = fitting(error_text(wrong));
  }
  messages_.push_back({"assistant", said, std::move(calls)});
  missing_ = out.calls.size();
  return missing_ > 0 ? action{std::move(out)} : next_round(now);
}

tool_loop::action tool_loop::next_round(time_point now) {
  for (auto& x : slots_) messages_.push_back({"tool", std::move(*x.result), {}, std::move(x.id)});
  slots_.clear();
  ++round_;
  if (round_ > bounds_.rounds) counts_.exhausted = 1;
  return ask_model(now);
}

// It was told of no tools and calls one all the same.
tool_loop::action tool_loop::no_more_rounds(const call_outcome& got, time_point now) {
  if (!got.text.empty()) return end(run_status::complete, {}, now);
  auto error = failed(tools_.empty() ? "the model calls a tool, but has none"
                                     : "the model still calls tools after " + std::to_string(bounds_.rounds)
                                           + " rounds");
  return end(outcome_.text.empty() ? run_status::failed : run_status::partial, std::move(error), now);
}

tool_loop::action tool_loop::end(run_status status, refusal error, time_point now) {
  over_ = true;
  counts_.unused += static_cast<std::uint32_t>(std::exchange(missing_, 0));
  outcome_.status = status;
  outcome_.error = std::move(error);
  if (status == run_status::partial || status == run_status::cancelled) outcome_.finish = finish_reason::none;
  if (status == run_status::complete && degraded_) {
    outcome_.status = run_status::degraded;
    outcome_.error = degraded_by_;
  }
  outcome_.elapsed_ms = duration_cast<milliseconds>(now - began_).count();
  return finish{};
}

void tool_loop::book(const call_outcome& got) {
  for (auto& x : got.parts) outcome_.parts.push_back({x.model, code_points_ + x.from, code_points_ + x.to});
  if (outcome_.first_piece_ms < 0 && got.first_piece_ms >= 0)
    outcome_.first_piece_ms = duration_cast<milliseconds>(round_began_ - began_).count() + got.first_piece_ms;
  outcome_.finish = got.finish;
  outcome_.refusal_text = got.refusal_text;
  outcome_.text += got.text;
  code_points_ += utf8::code_points(got.text);
  outcome_.usage.input_tokens += got.usage.input_tokens;
  outcome_.usage.output_tokens += got.usage.output_tokens;
  outcome_.attempts += got.attempts;
  outcome_.queued_ms += got.queued_ms;
}

/// Why a call cannot be run. Sees to it that its arguments are an object in any case: there are servers that
/// take nothing else in the history.
std::string tool_loop::check(tool_call& call) const {
  auto written = std::exchange(call.arguments, "{}");
  auto known = [&call](const tool_spec& x) { return x.name == call.name; };
  auto tool = std::find_if(tools_.begin(), tools_.end(), known);
  if (tool == tools_.end()) return "there is no tool " + call.name;
  if (written.size() > bounds_.argument_bytes)
    return "arguments: must have at most " + std::to_string(bounds_.argument_bytes) + " bytes";
  // What several servers send for a function that takes nothing.
  if (written.find_first_not_of(" \t\r\n") == std::string::npos) written = "{}";
  auto arguments = parse_json(written);
  if (!arguments.is_object()) {
    std::string what = arguments.is_discarded()
                           ? "must be JSON, nested at most " + std::to_string(max_json_depth) + " deep"
                           : "must be an object";
    return "arguments: " + what + ", are " + well_formed(written, excerpt_bytes);
  }
  call.arguments = std::move(written);
  return check_json(nlohmann::json::parse(tool->parameters, nullptr, false), arguments, "arguments");
}

std::string tool_loop::fitting(std::string text) {
  if (text.size() <= bounds_.result_bytes) {
    text = well_formed(text, 3 * text.size());
    if (text.size() <= bounds_.result_bytes) return text;
  }
  ++counts_.cut;
  auto note = " [cut, of " + std::to_string(text.size()) + " bytes]";
  return well_formed(text, bounds_.result_bytes - std::min(bounds_.result_bytes, note.size())) + note;
}

refusal tool_loop::out_of_time() const {
  auto message = "the chat did not end within " + std::to_string(timeout_ms_) + " ms";
  std::string names;
  for (auto& x : slots_)
    if (!x.result) names += (names.empty() ? "" : ", ") + x.name;
  if (!names.empty()) message += "; no answer yet from " + names;
  return {code::deadline, "deadline", std::move(message), 0, {}, 0, 0};
}

} // namespace weir
