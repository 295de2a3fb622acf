#pragma once

#include "actors/calls/sub_calls.hpp"
#include "actors/messages/runs.hpp"
#include "actors/messages/workflows.hpp"
#include "actors/runs/run_journal.hpp"
#include "actors/runs/run_services.hpp"
#include "actors/runs/run_viewers.hpp"
#include "actors/runs/workflow/workflow_machine.hpp"

#include <caf/event_based_actor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// One run of a workflow: gives its machine what happens, and does what the machine then says. What happens
/// is in the journal before the machine knows of it, so a run that is taken up again is where it was: steps
/// that had ended have ended, those that had begun are begun again, under the same ids.
///
/// Messages: `watcher` adds one who waits, `drop_watcher` takes it back, `stop_atom` cancels, `run_event` is
/// an event that may be awaited, `run_query` asks where it is.
class workflow_run : public caf::event_based_actor {
public:
  struct config {
    std::shared_ptr<const run_services> services;
    std::shared_ptr<const workflow> plan;
    std::string run_id;
    std::string target;
    std::string thread; ///< Empty: none.
    std::uint64_t seq = 0;
    std::string client_id;
    std::string input;         ///< JSON text.
    std::int64_t began_ms = 0; ///< When the call was accepted, milliseconds since the Unix epoch.
    std::uint32_t hops = 0;    ///< Of the call's event, or of an event that it has awaited since.
    std::vector<watcher> watchers;
    std::vector<std::string> records; ///< Of a run that is taken up again; not empty then.
  };

  workflow_run(caf::actor_config& cfg, config settings);
  ~workflow_run() override;

  caf::behavior make_behavior() override;
  void on_exit() override;

  /// The first record of a journal. Names the plan, so that a run ends by the plan that it began with.
  static std::string heading(const config& of, const std::string& plan_json,
                             const workflow_machine::record& first);

  /// Reads it back, without services and plan's name. Throws std::runtime_error that says what is wrong.
  static config from_journal(std::uint64_t seq, std::vector<std::string> records);

  /// What the end of a journal says of the result; nothing: it is not one.
  static std::optional<run_result> ended_as(const std::string& journal_end);

private:
  struct step {
    workflow_machine::start_call what;
    std::int64_t began_ms = 0;
    caf::actor runner;          // a run of its own …
    std::uint64_t sub_call = 0; // … or a call in the log; neither: an agent was asked
  };

  void begin();
  void take_up_again();
  void input(
      decltype(workflow_machine::record::what) what, std::function<void()> then = [] {});
  caf::result<void> on_stop();
  void apply(const workflow_machine::record& what);
  void act(workflow_machine::start_call& what);
  void act(const workflow_machine::stop_call& what);
  void act(const workflow_machine::start_wait& what);
  void act(const workflow_machine::stop_wait& what);
  void act(workflow_machine::finish& what);
  void start(const workflow_machine::start_call& what);
  void ask_agent(const workflow_machine::start_call& what, const run_target& whom);
  void ask_model(const workflow_machine::start_call& what, const run_target& whom);
  void ask_client(const workflow_machine::start_call& what);
  void on_step(std::uint64_t step, run_status status, std::string output, refusal error,
               token_usage usage = {});
  void on_update(const run_update& what);
  void on_step_run(const run_finished& what);
  void on_down(const caf::down_msg& msg);
  void on_event(const run_event& what);
  run_report report() const;
  void set_timer();
  void on_tick();
  void announce(const char* type, std::uint64_t step, const std::string& path, const std::string& what,
                const char* phase, const refusal& error = {});
  void note_end(std::uint64_t number, const workflow_machine::outcome& how, std::int64_t at_ms);
  void say();
  void finish(run_result result);
  void tell_all(const run_result& result);
  std::string origin_of(std::uint64_t step) const;
  void start_clock(std::int64_t at_least_ms);
  std::int64_t now_ms() const; // milliseconds since the Unix epoch, monotonic

  config settings_;
  run_viewers viewers_;
  std::unique_ptr<workflow_machine> machine_;
  std::unique_ptr<run_journal> journal_; // null: not kept
  std::unique_ptr<sub_calls> calls_;     // null: none was needed yet
  std::map<std::uint64_t, step> steps_;  // in flight; bounds.calls_in_flight of the machine
  std::vector<server_event> unsaid_;     // of this turn
  std::vector<std::string> trail_;       // of a kept run: how each step ended
  std::int64_t clock_start_ms_ = 0;
  caf::actor_clock::time_point clock_started_{};
  std::int64_t timer_at_ms_ = 0; // what the orchestrator was asked for
  std::int64_t now_of_record_ms_ = 0;
  std::uint32_t started_ = 0;
  bool replaying_ = false;
  bool over_ = false;
};

} // namespace weir
