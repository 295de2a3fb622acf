#pragma once

#include "actors/agents/agent_host.hpp"
#include "actors/agents/config.hpp"
#include "actors/agents/registry.hpp"
#include "actors/core/deadline_index.hpp"
#include "actors/core/limits.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/models/pool.hpp"
#include "actors/runs/call_order.hpp"
#include "actors/runs/recent_results.hpp"
#include "actors/runs/run_meters.hpp"
#include "actors/runs/run_services.hpp"
#include "actors/runs/thread_book.hpp"
#include "actors/runs/thread_memory.hpp"
#include "actors/runs/watch_book.hpp"
#include "actors/runs/workflow_run.hpp"
#include "actors/store/store_actor.hpp"
#include "actors/store/store_link.hpp"

#include <caf/disposable.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/result.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace weir {

/// Turns a namespace's events into actions: keeps its agents running, one supervisor each, and starts a run
/// for each call that it finds in the log. It never waits for a model or an agent; the runs do.
///
/// Runs in flight are bounded by the window of its subscription (`limits.runs`); further calls are refused
/// by the namespace. A result is kept before the call's event is settled, so that a run which is over is not
/// done again.
///
/// Its functions are in files of their own: orchestrator_agents.cpp, orchestrator_runs.cpp (from a call to
/// its end), orchestrator_watching.cpp (who sees what), orchestrator_keeping.cpp (results and threads),
/// orchestrator_workflows.cpp (their journals, and what they wait for).
class orchestrator : public caf::event_based_actor {
public:
  struct config {
    std::string ns_name;
    std::shared_ptr<run_metrics> metrics; ///< Null: of a label that is the namespace's name.
    caf::actor ns;
    limits bounds;
    std::vector<agent_config> agents;
    std::shared_ptr<const agent_registry> registry;
    std::shared_ptr<const model_directory> models;
    std::function<std::int64_t()> wall_clock_ms;   ///< As of the namespace that stamps the events.
    std::function<std::int64_t()> expiry_clock_ms; ///< For when stored keys expire, see `expiry_clock`.
    store_handle store;                            ///< Empty: nothing outlives the actor.
    durability keep = durability::process;
    caf::execution_unit* blocking = nullptr; ///< As of `agent_host`.
    std::map<std::string, std::shared_ptr<const workflow>, std::less<>> workflows;
    std::shared_ptr<handler_watch> watch = nullptr; ///< Null: handlers are not watched.
  };

  /// A larger result is kept in memory only.
  static constexpr std::size_t max_kept_result_bytes = 256 * 1024;

  /// Of what a prompt agent is reminded of in a thread.
  static constexpr std::size_t max_thread_bytes = 64 * 1024;

  /// Before it moves to another node it waits so long for answers that are being streamed.
  static constexpr std::chrono::seconds move_patience{10};

  orchestrator(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// An agent that the namespace runs.
  struct member {
    agent_config config;
    caf::actor supervisor = nullptr; // null for an external one, and for one of an unknown kind
    caf::actor door = nullptr;
    agent_state_kind state = agent_state_kind::restarting;
    std::int64_t since_ms = 0; // when it came into that state, by the wall clock
    std::string error = {};
    std::uint64_t restarts = 0;
  };

  /// A call that has been offered and whose end has not been told.
  struct open_run {
    call_order order;
    std::int64_t since_ms = 0;      // when it was accepted, by now_ms()
    caf::actor actor;               // null: it waits for its turn, or for its thread's memory, or ends
    bool ends = false;              // its result is known, and on its way to the store
    workflow_plan_ptr plan;         // of a workflow that has begun: its own, whatever is configured by now
    std::vector<watcher> watchers;  // until there is an actor
    caf::disposable timer;          // as above: its deadline
    std::set<std::uint64_t> events; // awaited ones that a workflow has not recorded yet
    std::vector<std::function<void()>>
        on_kept; // answers that wait for its end; one of each worker and cancel
  };

  /// The records of one run, while they are read.
  struct journal {
    std::uint64_t seq = 0;
    std::vector<std::string> records;
  };

  /// Who waits for a call that is yet to be offered.
  struct early_callers {
    std::vector<watcher> watchers;
    bool abandoned = false; // to be cancelled as soon as it is there
  };

  /// An event in the order in which it came.
  struct arrival {
    event_ptr what;
    bool ready = true; // else its result is looked for
    std::uint32_t attempt = 1;
    bool redelivered = false;
  };

  using run_map = std::map<std::string, open_run, std::less<>>;

  // -- agents
  void start_agent(const agent_config& cfg);
  std::function<void(agent_note)> note_sender() const;
  void on_agent_note(const agent_note& what);
  caf::result<admin_answer> list_agents();
  std::string print_agents(const std::string& in_hand) const;
  admin_answer restart_agent(const std::string& name);
  agent_host::config host_of(const agent_config& cfg) const;
  void on_agent_ready(const std::string& name, caf::actor door);
  void on_down(const caf::down_msg& msg);
  static bool is_served(const member& x) { return x.state != agent_state_kind::failed; }
  bool is_served(const std::string& target) const;

  // -- from a call to its end
  void on_offer(const offered_event& what);
  void take_arrivals();
  void begin(call_order order);
  refusal check(const arrival& what, const call_order& order) const;
  void bury(const call_order& order, refusal why);
  void enter_thread(const std::string& run_id);
  void hold(open_run& x);
  void start(const std::string& run_id);
  void spawn_run(const std::string& run_id, const conversation& earlier);
  void on_cancel(const cancel_run& what);
  bool cancel(const std::string& run_id);
  void on_finished(const run_finished& what);
  void finish(std::uint64_t seq, run_result result, std::vector<watcher> viewers = {});
  void on_kept(std::uint64_t seq, const run_result& result);
  void after_end(const std::string& run_id, std::function<void()> then);
  void fail(std::uint64_t seq, const std::string& run_id, refusal why);
  caf::result<answer> on_worker(worker_delta& what);
  caf::result<answer> on_worker(worker_result& what);
  refusal find_external(const std::string& run_id, caf::actor& found) const;
  bool is_arriving(const std::string& run_id) const;
  std::int64_t usual_timeout_ms(const std::string& target) const;
  std::int64_t waited_ms(const open_run& x) const { return now_ms() - x.since_ms; }
  std::int64_t accepted_ms(std::int64_t ts_ms) const;
  std::int64_t now_ms() const; // for every duration
  void announce_started(const call_order& x);
  void announce_finished(const open_run& done, const run_result& x);

  // -- moving to another node
  void begin_move();
  void end_move();
  bool is_streaming(const open_run& x) const;

  // -- who sees what
  void on_watch(const watch_run& what);
  void on_watch(const watch_request& what);
  void on_unwatch(const unwatch_request& what);
  void on_gone(const watcher_gone& what);
  refusal enlist(const std::string& run_id, const watcher& who, bool by_watch);
  bool show(const std::string& run_id, const watcher& who);
  void show_late(const std::string& run_id, const watcher& who);
  void hide(const std::string& run_id, const watch_book::viewer& who);
  static void tell(const watcher& who, const run_result& result);
  static void tell_all(const watcher& who, const run_result& result);

  // -- results and threads
  void look_up(const std::string& run_id, std::function<void(const run_result*, const refusal&)> then);
  void keep(const call_order& order, const run_result& result, std::function<void()> then);
  void write(std::vector<store_write> writes, std::uint32_t attempt, std::function<void()> then);
  void settle(std::uint64_t seq);
  void put_conversation(const std::string& key, conversation x);
  void with_conversation(const std::string& key, std::function<void(const conversation*)> then);
  static std::string thread_key(const call_order& x) { return "thread/" + x.target + '/' + x.thread; }
  const prompt_config* remembering(const call_order& x) const;

  // -- workflows
  void make_services();
  void read_journals(const std::string& after);
  void take_record(key_entry& x);
  void take_up(journal next);
  std::optional<run_result> ended_as(std::uint64_t seq);
  void subscribe();
  void watch_over(open_run& x);
  workflow_plan_ptr find_workflow(const std::string& target) const;
  void spawn_workflow(open_run& x, workflow_plan_ptr what);
  void on_awaited(const event_ptr& what);
  static bool awaits_any(const open_run& x, const std::string& type);
  void hand_over(open_run& x, const event_ptr& what);
  void on_taken(open_run& x, std::uint64_t seq);
  void release_events(open_run& x);
  void on_wake(const wake_run& what);
  void arm_wake_timer();
  void wake_due();
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> list_runs(std::uint32_t limit);
  void on_buried(const call_buried& what);

  config settings_;
  store_link link_;
  std::map<std::string, member, std::less<>> agents_;
  std::size_t getting_ready_ = 0;
  bool moving_ = false;          // nothing new begins
  std::deque<arrival> arrivals_; // with runs_ at most bounds.runs
  run_map runs_;
  std::unordered_map<caf::actor_addr, std::string> run_ids_;  // of those that have an actor
  std::map<std::string, early_callers, std::less<>> waiting_; // bounds.runs
  thread_book threads_;
  watch_book watches_;
  recent_results results_;
  thread_memory memory_;
  run_meters meters_;
  std::shared_ptr<const run_services> services_;
  journal journal_;                            // while they are read
  std::map<std::uint64_t, std::string> ended_; // runs whose end may not be settled; journal_ttl_ms
  deadline_index wakes_;                       // one of each run of a workflow
  std::unordered_map<std::uint64_t, caf::actor> sleepers_; // whom they wake, by seq
  std::optional<deadline_index::time_point> wake_at_;      // the earliest timer that is set
  std::map<std::uint64_t, std::string>
      buried_; // calls to be dead letters once their results are kept, by seq
  std::map<std::uint64_t, std::size_t> untaken_; // awaited events in hand → runs that have not taken them
};

} // namespace weir
