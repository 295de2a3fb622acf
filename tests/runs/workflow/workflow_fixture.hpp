#pragma once

#include "actors/runs/workflow/workflow_machine.hpp"

#include <catch2/catch_test_macros.hpp>

#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace weir::test {

inline std::string to_text(const workflow_machine::action& x) {
  using machine = workflow_machine;
  std::ostringstream out;
  if (auto* call = std::get_if<machine::start_call>(&x))
    out << "call " << call->step << ' ' << call->path << ' ' << call->target << ' ' << call->input << ' '
        << call->timeout_ms << ' ' << call->attempt << ' ' << call->stream;
  if (auto* stop = std::get_if<machine::stop_call>(&x)) out << "stop call " << stop->step;
  if (auto* wait = std::get_if<machine::start_wait>(&x))
    out << "wait " << wait->step << ' ' << wait->path << ' ' << wait->pattern;
  if (auto* stop = std::get_if<machine::stop_wait>(&x)) out << "stop wait " << stop->step;
  if (auto* end = std::get_if<machine::finish>(&x))
    out << "finish " << to_string(end->status) << ' ' << end->output << ' ' << end->error.reason << ' '
        << end->error.message << ' ' << end->usage.input_tokens << '/' << end->usage.output_tokens;
  return out.str();
}

inline std::shared_ptr<const workflow> plan_of(const nlohmann::json& from) {
  auto read = read_workflow("test", from);
  if (auto* wrong = std::get_if<std::vector<plan_problem>>(&read)) {
    std::string all;
    for (auto& x : *wrong) all += x.path + ": " + x.message + '\n';
    FAIL(all << from.dump());
  }
  return std::make_shared<const workflow>(std::get<workflow>(std::move(read)));
}

inline std::shared_ptr<const workflow> plan_of(const char* text) {
  return plan_of(nlohmann::json::parse(text));
}

/// A machine, with what a run keeps of its actions. Checks after each input what must always be so: a number
/// is given once, only what is open is stopped, and nothing comes after the end.
class plan_run {
public:
  using machine = workflow_machine;

  explicit plan_run(std::shared_ptr<const workflow> plan, machine::bounds limits = {})
    : plan_(std::move(plan)), limits_(limits), machine_(plan_, "c/1", limits) {}
  explicit plan_run(const char* text, machine::bounds limits = {}) : plan_run(plan_of(text), limits) {}

  plan_run& begin(std::string input = R"({"text":"hi"})") { return apply(machine::begun{std::move(input)}); }
  plan_run& cancel() { return apply(machine::cancelled{"enough"}); }

  /// Goes on to this time, and tells the machine if something is due by then.
  plan_run& at(std::int64_t ms) {
    now_ms_ = start_ms + ms;
    auto due = machine_.next_deadline_ms();
    if (due && *due <= now_ms_) apply(machine::time_passed{});
    return *this;
  }

  plan_run& reply(const std::string& target, std::string output, run_status status = run_status::complete) {
    machine::outcome what;
    what.status = status;
    what.output = std::move(output);
    what.usage = {1, 2};
    if (status != run_status::complete)
      what.error = {code::unavailable, "model", "short of breath", 0, {}, 0, 0};
    return apply(machine::call_ended{step_of(target), std::move(what)});
  }

  plan_run& fail(const std::string& target, code status = code::internal, std::int64_t retry_after_ms = 0) {
    machine::outcome what;
    what.error = {status, status == code::deadline ? "deadline" : "failed", "boom", retry_after_ms, {}, 0, 0};
    return apply(machine::call_ended{step_of(target), std::move(what)});
  }

  plan_run& event(std::uint64_t seq, std::string type, std::string data = R"({"run_id":"c/1"})") {
    return apply(machine::event_came{seq, std::move(type), "ann", std::move(data)});
  }

  plan_run& apply(decltype(machine::record::what) what) {
    machine::record x{now_ms_, std::move(what)};
    records.push_back(machine::encode(x));
    auto got = machine_.apply(x);
    std::visit([this, &got](auto& y) { forget(y, got); }, x.what);
    std::vector<std::string> texts;
    for (auto& action : got) {
      texts.push_back(to_text(action));
      note(action);
    }
    done.push_back(std::move(texts));
    CHECK(machine_.open().size() == calls.size() + waits.size());
    CHECK(machine_.over() == result.has_value());
    return *this;
  }

  /// The open call of an agent that began last.
  const machine::start_call& call(const std::string& target) const {
    for (auto i = calls.rbegin(); i != calls.rend(); ++i)
      if (i->second.target == target) return i->second;
    FAIL("no call of " << target);
    std::abort();
  }

  std::uint64_t step_of(const std::string& target) const { return call(target).step; }
  const std::string& input_of(const std::string& target) const { return call(target).input; }
  bool calls_any(const std::string& target) const {
    for (auto& x : calls)
      if (x.second.target == target) return true;
    return false;
  }

  const machine::finish& end() const {
    REQUIRE(result);
    return *result;
  }

  /// The records of the whole run, read back, lead a fresh machine to the same.
  void check_replay() const {
    machine again{plan_of(print_workflow(*plan_)), "c/1", limits_};
    for (std::size_t i = 0; i < records.size(); ++i) {
      auto read = machine::decode(records[i]);
      REQUIRE(std::holds_alternative<machine::record>(read));
      std::vector<std::string> texts;
      for (auto& x : again.apply(std::get<machine::record>(read))) texts.push_back(to_text(x));
      CHECK(texts == done[i]);
    }
  }

  workflow_machine& subject() { return machine_; }

  static constexpr std::int64_t start_ms = 1'700'000'000'000;

  std::map<std::uint64_t, machine::start_call> calls; // open ones
  std::map<std::uint64_t, machine::start_wait> waits;
  std::vector<std::string> records;
  std::vector<std::vector<std::string>> done;
  std::optional<machine::finish> result;
  std::int64_t now_ms() const { return now_ms_; }

private:
  /// A call that ended is open no longer, unless it was stopped before its end counted.
  void forget(const machine::call_ended& what, const std::vector<machine::action>& got) {
    for (auto& x : got)
      if (auto* stop = std::get_if<machine::stop_call>(&x); stop != nullptr && stop->step == what.step)
        return;
    calls.erase(what.step);
  }
  template <class Other>
  void forget(const Other&, const std::vector<machine::action>&) {}

  void note(const machine::action& x) {
    CHECK_FALSE(result);
    if (auto* start = std::get_if<machine::start_call>(&x)) {
      CHECK(numbers_.insert(start->step).second);
      CHECK(start->timeout_ms > 0);
      calls[start->step] = *start;
    }
    if (auto* wait = std::get_if<machine::start_wait>(&x)) {
      CHECK(numbers_.insert(wait->step).second);
      waits[wait->step] = *wait;
    }
    if (auto* stop = std::get_if<machine::stop_call>(&x)) CHECK(calls.erase(stop->step) == 1);
    if (auto* stop = std::get_if<machine::stop_wait>(&x)) CHECK(waits.erase(stop->step) == 1);
    if (auto* end = std::get_if<machine::finish>(&x)) {
      CHECK(calls.empty());
      CHECK(waits.empty());
      result = *end;
    }
  }

  std::shared_ptr<const workflow> plan_;
  machine::bounds limits_;
  machine machine_;
  std::set<std::uint64_t> numbers_;
  std::int64_t now_ms_ = start_ms;
};

} // namespace weir::test
