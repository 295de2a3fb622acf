#include "actors/runs/workflow_run.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/core/json_print.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/runs/kept_result.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"

#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

refusal unreadable(const std::string& why) {
  return {code::internal, "failed", "the run's journal cannot be read: " + why, 0, {}, 0, 0};
}

} // namespace

workflow_run::workflow_run(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), viewers_(this, settings_.run_id) {}

workflow_run::~workflow_run() = default;

caf::behavior workflow_run::make_behavior() {
  log_crashes(*this, "the run " + settings_.run_id);
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& who : std::exchange(settings_.watchers, {})) viewers_.add(std::move(who));
  machine_ = std::make_unique<workflow_machine>(settings_.plan, settings_.run_id);
  auto& services = *settings_.services;
  if (settings_.plan->kept && services.store.actor && services.keep != durability::none)
    journal_ = std::make_unique<run_journal>(this, services.store, services.keep, services.ns_name,
                                             settings_.seq, settings_.records.size());
  if (settings_.records.empty())
    begin();
  else
    take_up_again();
  return {
      [this](watcher who) { viewers_.add(std::move(who)); },
      [this](const drop_watcher& who) { viewers_.drop(who); },
      [this](stop_atom) { return on_stop(); },
      [this](const run_event& what) { on_event(what); },
      [this](tick_atom) { on_tick(); },
      [this](run_query_atom) { return report(); },
      [this](const run_update& what) { on_update(what); },
      [this](const run_finished& what) { on_step_run(what); },
      [this](const store_committed& what) {
        if (journal_) journal_->on_committed(what);
      },
  };
}

void workflow_run::on_exit() {
  for (auto& [number, x] : steps_)
    if (x.runner) send_exit(x.runner, caf::exit_reason::user_shutdown);
  steps_.clear();
  calls_.reset();
  if (journal_) journal_->stop();
  settings_.services = nullptr;
  viewers_.clear();
}

// -- what is recorded

std::string workflow_run::heading(const config& of, const std::string& plan_json,
                                  const workflow_machine::record& first) {
  nlohmann::json who = {{"run_id", of.run_id},
                        {"target", of.target},
                        {"client_id", of.client_id},
                        {"thread", of.thread},
                        {"timeout_ms", of.plan->timeout_ms},
                        {"began_ms", of.began_ms},
                        {"hops", of.hops}};
  // Spliced: the plan is printed once for all its runs, and the record is text already.
  return R"({"run":)" + print_json(who) + R"(,"plan":)" + plan_json + R"(,"record":)"
         + workflow_machine::encode(first) + '}';
}

workflow_run::config workflow_run::from_journal(std::uint64_t seq, std::vector<std::string> records) {
  auto heading = nlohmann::json::parse(records.at(0));
  auto& who = heading.at("run");
  config out;
  out.seq = seq;
  out.run_id = who.at("run_id").get<std::string>();
  out.target = who.at("target").get<std::string>();
  out.client_id = who.at("client_id").get<std::string>();
  out.thread = who.at("thread").get<std::string>();
  out.began_ms = who.at("began_ms").get<std::int64_t>();
  out.hops = who.value("hops", 0U); // absent: kept by an earlier version
  auto plan = read_workflow(out.target, heading.at("plan"));
  if (auto* wrong = std::get_if<std::vector<plan_problem>>(&plan))
    throw std::runtime_error("the plan of run " + out.run_id + ": " + wrong->at(0).path + ": "
                             + wrong->at(0).message);
  auto& read = std::get<workflow>(plan);
  read.timeout_ms = who.at("timeout_ms").get<std::int64_t>();
  out.plan = std::make_shared<const workflow>(std::move(read));
  records[0] = print_json(heading.at("record"));
  out.records = std::move(records);
  return out;
}

void workflow_run::begin() {
  start_clock(settings_.began_ms);
  workflow_machine::record first{now_ms(), workflow_machine::begun{std::move(settings_.input)}};
  if (!journal_) return apply(first);
  auto text = heading(settings_, settings_.services->workflows.at(settings_.target)->json, first);
  journal_->append(std::move(text), [this, first] { apply(first); });
}

std::optional<run_result> workflow_run::ended_as(const std::string& journal_end) {
  auto what = nlohmann::json::parse(journal_end, nullptr, false);
  if (!what.is_object() || !what.contains("run") || !what.contains("result")) return std::nullopt;
  return decode_result(what["run"].value("run_id", ""), print_json(what["result"]));
}

/// Goes through what is recorded without doing it again; then does what had begun and not ended.
void workflow_run::take_up_again() {
  auto records = std::exchange(settings_.records, {});
  replaying_ = true;
  for (auto& text : records) {
    auto read = workflow_machine::decode(text);
    if (auto* no = std::get_if<refusal>(&read)) {
      run_result out;
      out.error = unreadable(no->message);
      replaying_ = false;
      return finish(std::move(out));
    }
    apply(std::get<workflow_machine::record>(read));
  }
  replaying_ = false;
  start_clock(now_of_record_ms_);
  if (over_) return; // its end was recorded, and then not told
  for (auto& [number, x] : steps_) {
    auto left_ms = x.what.timeout_ms - (now_ms() - x.began_ms);
    x.what.timeout_ms = std::max<std::int64_t>(left_ms, 1);
  }
  auto open = steps_;
  for (auto& [number, x] : open) start(x.what);
  set_timer();
}

void workflow_run::input(decltype(workflow_machine::record::what) what, std::function<void()> then) {
  if (over_) return then();
  workflow_machine::record x{now_ms(), std::move(what)};
  auto done = [this, x, then = std::move(then)] {
    apply(x);
    then();
  };
  if (!journal_) return done();
  journal_->append(workflow_machine::encode(x), std::move(done));
}

/// Answered once it is recorded: a client that is told of it need not fear for it.
caf::result<void> workflow_run::on_stop() {
  auto promise = make_response_promise<void>();
  input(workflow_machine::cancelled{"cancelled by a client"}, [promise]() mutable { promise.deliver(); });
  return promise;
}

void workflow_run::apply(const workflow_machine::record& what) {
  if (over_) return;
  if (auto* x = std::get_if<workflow_machine::call_ended>(&what.what)) note_end(x->step, x->what, what.at_ms);
  now_of_record_ms_ = what.at_ms;
  auto dropped = machine_->dropped_events();
  for (auto& next : machine_->apply(what)) std::visit([this](auto& x) { act(x); }, next);
  say();
  if (auto* x = std::get_if<workflow_machine::event_came>(&what.what)) {
    if (!replaying_ && settings_.services) {
      settings_.services->awaited_dropped->inc(
          static_cast<std::int64_t>(machine_->dropped_events() - dropped));
      send(settings_.services->owner, run_event_taken{settings_.run_id, x->seq});
    }
  }
  if (!over_ && !replaying_) set_timer();
}

// -- time

/// Goes on from `at_least_ms` or, if the wall clock is further, from what that shows; from then on the wall
/// clock is not asked again, so that a run's time only goes forward, and as fast as time does.
void workflow_run::start_clock(std::int64_t at_least_ms) {
  clock_start_ms_ = std::max(at_least_ms, settings_.services->wall_clock_ms());
  clock_started_ = clock().now();
}

std::int64_t workflow_run::now_ms() const {
  auto since = std::chrono::duration_cast<std::chrono::milliseconds>(clock().now() - clock_started_);
  return clock_start_ms_ + since.count();
}

void workflow_run::set_timer() {
  auto due = machine_->next_deadline_ms();
  if (!due || timer_at_ms_ == *due) return;
  timer_at_ms_ = *due;
  send(settings_.services->owner, wake_run{settings_.seq, std::max<std::int64_t>(*due - now_ms(), 1)});
}

void workflow_run::on_tick() {
  if (over_ || timer_at_ms_ == 0) return;
  auto due = std::exchange(timer_at_ms_, 0);
  if (now_ms() < due) return set_timer();
  input(workflow_machine::time_passed{});
}

// -- those who watch

/// Everything in it is of plain characters but the error's message.
void workflow_run::announce(const char* type, std::uint64_t step, const std::string& path,
                            const std::string& what, const char* phase, const refusal& error) {
  if (replaying_) return;
  std::string data = R"({"run_id":")" + settings_.run_id + R"(","target":")" + settings_.target + '"';
  if (step != 0) data += R"(,"step":)" + std::to_string(step) + R"(,"path":")" + path + '"';
  if (phase != nullptr)
    data += R"(,"agent":")" + what + R"(","phase":")" + phase + '"';
  else if (step != 0)
    data += R"(,"on":")" + what + '"';
  if (error.refused())
    data +=
        R"(,"error":)"
        + print_json(nlohmann::json{
            {"code", static_cast<int>(error.status)}, {"reason", error.reason}, {"message", error.message}});
  data += '}';
  unsaid_.push_back({type, std::move(data), true});
}

/// The end of a step and the beginning of the next are told in one message.
void workflow_run::say() {
  if (!unsaid_.empty()) send(settings_.services->ns, server_events{std::exchange(unsaid_, {})});
}

run_report workflow_run::report() const {
  run_report out;
  out.run_id = settings_.run_id;
  out.target = settings_.target;
  out.client_id = settings_.client_id;
  out.began_ms = settings_.began_ms;
  for (auto& x : machine_->open()) out.places.push_back({x.step, x.path, x.what, x.since_ms, x.waits});
  return out;
}

// -- the end

void workflow_run::finish(run_result result) {
  if (std::exchange(over_, true)) return;
  result.run_id = settings_.run_id;
  result.elapsed_ms = std::max<std::int64_t>(now_ms() - settings_.began_ms, 0);
  if (!journal_) return tell_all(result);
  std::string steps;
  for (auto& x : trail_) steps += (steps.empty() ? "" : ",") + x;
  nlohmann::json head = {{"run_id", settings_.run_id},       {"target", settings_.target},
                         {"client_id", settings_.client_id}, {"status", to_string(result.status)},
                         {"began_ms", settings_.began_ms},   {"ended_ms", now_ms()}};
  auto text = R"({"run":)" + print_json(head) + R"(,"result":)" + encode_result(result) + R"(,"steps":[)"
              + steps + "]}";
  auto ttl_ms = static_cast<std::int64_t>(settings_.services->bounds.journal_ttl_ms);
  journal_->close(std::move(text), settings_.services->expiry_clock_ms() + ttl_ms,
                  [this, result] { tell_all(result); });
}

void workflow_run::tell_all(const run_result& result) {
  send(settings_.services->owner, run_finished{settings_.seq, result, viewers_.take_all()});
  quit();
}

std::string workflow_run::origin_of(std::uint64_t step) const {
  return std::to_string(settings_.seq) + '.' + std::to_string(step);
}

} // namespace weir
