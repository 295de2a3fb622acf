#include "actors/runs/orchestrator.hpp"

#include "actors/core/crash_log.hpp"
#include "actors/core/error_text.hpp"

#include <caf/actor_system.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/send.hpp>

namespace weir {

namespace {

constexpr std::uint64_t max_results = 1000;
constexpr std::uint64_t max_result_bytes = 8 * 1024 * 1024;
constexpr std::size_t max_threads = 1000; // in memory
constexpr std::size_t max_memory_bytes = 8 * 1024 * 1024;

refusal internal(std::string message) { return {code::internal, "failed", std::move(message), 0, {}, 0, 0}; }

} // namespace

orchestrator::orchestrator(caf::actor_config& cfg, config settings)
  : caf::event_based_actor(cfg), settings_(std::move(settings)), link_(this, settings_.store, settings_.keep),
    threads_(settings_.bounds.thread_queue),
    watches_(settings_.bounds.run_watchers, settings_.bounds.watches_per_connection),
    results_(max_results, max_result_bytes),
    memory_(max_threads, max_memory_bytes, static_cast<std::int64_t>(settings_.bounds.thread_ttl_ms)),
    meters_(settings_.metrics ? settings_.metrics
                              : std::make_shared<run_metrics>(system(), settings_.ns_name)) {}

caf::behavior orchestrator::make_behavior() {
  log_crashes(*this, "the orchestrator of namespace " + settings_.ns_name);
  set_down_handler([this](const caf::down_msg& msg) { on_down(msg); });
  for (auto& x : settings_.agents) start_agent(x);
  // Calls are only taken once every agent can be reached.
  if (getting_ready_ == 0) on_agent_ready({}, nullptr);
  return {
      [this](const offered_event& what) { on_offer(what); },
      [this](const watch_run& what) { on_watch(what); },
      [this](const watch_request& what) { on_watch(what); },
      [this](const unwatch_request& what) { on_unwatch(what); },
      [this](const watcher_gone& what) { on_gone(what); },
      [this](const cancel_run& what) { on_cancel(what); },
      [this](worker_delta& what) { return on_worker(what); },
      [this](worker_result& what) { return on_worker(what); },
      [this](const run_finished& what) { on_finished(what); },
      [this](move_atom) { begin_move(); },
      [this](const store_committed& what) {
        link_.on_committed(what);
        end_move();
      },
      [this](store_answer& what) { link_.on_answered(what); },
      [this](const run_event_taken& what) {
        if (auto i = runs_.find(what.run_id); i != runs_.end()) on_taken(i->second, what.seq);
      },
      [this](const wake_run& what) { on_wake(what); },
      [this](const admin_query& what) { return on_admin(what); },
      [this](const agent_note& what) { on_agent_note(what); },
      [this](const call_buried& what) { on_buried(what); },
  };
}

void orchestrator::on_exit() {
  for (auto& [name, x] : agents_)
    if (x.supervisor) caf::anon_send_exit(x.supervisor, caf::exit_reason::user_shutdown);
  for (auto& [id, x] : runs_) {
    if (x.actor) caf::anon_send_exit(x.actor, caf::exit_reason::user_shutdown);
    x.timer.dispose();
  }
  settings_.ns = nullptr;
  agents_.clear();
  runs_.clear();
  run_ids_.clear();
  sleepers_.clear();
  waiting_.clear();
  watches_.clear();
  meters_.clear();
  services_ = nullptr;
  settings_.store = {};
  link_.close();
}

void orchestrator::on_down(const caf::down_msg& msg) {
  for (auto& [name, x] : agents_)
    if (x.supervisor && x.supervisor.address() == msg.source) {
      x.supervisor = nullptr; // nobody starts it again
      return on_agent_note(
          {name, agent_state_kind::failed, "its supervisor ended: " + text_of(msg.reason), 0});
    }
  auto i = run_ids_.find(msg.source);
  if (i == run_ids_.end()) return; // it has told its end
  auto id = i->second;
  fail(runs_.at(id).order.seq, id, internal("the run crashed: " + text_of(msg.reason)));
}

} // namespace weir
