#pragma once

#include "actors/agents/agent_host.hpp"
#include "actors/agents/config.hpp"
#include "actors/agents/registry.hpp"
#include "actors/core/limits.hpp"
#include "actors/models/pool.hpp"
#include "actors/namespace/messages.hpp"
#include "actors/runs/recent_results.hpp"
#include "actors/store/store_actor.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Turns a namespace's events into actions: keeps its agents running, one supervisor each, and starts a run
/// for each call that it finds in the log. It never waits for a model or an agent; the runs do.
///
/// Runs in flight are bounded by the window of its subscription (`limits.runs`); further calls are refused
/// by the namespace.
class orchestrator : public caf::event_based_actor {
public:
  struct config {
    std::string ns_name;
    caf::actor ns;
    limits bounds;
    std::vector<agent_config> agents;
    std::shared_ptr<const agent_registry> registry;
    std::shared_ptr<const model_directory> models;
    std::function<std::int64_t()> wall_clock_ms; ///< As of the namespace that stamps the events.
    store_handle store;                          ///< Empty: what agents keep ends with the orchestrator.
    durability keep = durability::process;       ///< Of what agents keep.
    bool may_detach = true; ///< false for tests: agents that block get no thread of their own.
  };

  orchestrator(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// An agent that the namespace runs.
  struct member {
    agent_config config;
    caf::actor supervisor; // null once the agent is `failed`
    caf::actor door;
  };

  struct open_run {
    std::uint64_t seq = 0;
    caf::actor actor;
  };

  void start_agent(const agent_config& cfg);
  agent_host::config host_of(const agent_config& cfg) const;
  void on_agent_ready(const std::string& name, caf::actor door);
  void on_call(const offered_event& what);
  void on_watch(const watch_run& what);
  void on_cancel(const cancel_run& what);
  void on_finished(const run_finished& what);
  void on_down(const caf::down_msg& msg);
  void finish(std::uint64_t seq, run_result result);
  static void tell(const watcher& who, const run_result& result);

  config settings_;
  std::map<std::string, member, std::less<>> agents_;
  std::size_t getting_ready_ = 0;
  std::map<std::string, open_run, std::less<>> runs_;                // at most bounds.runs
  std::map<std::string, std::vector<watcher>, std::less<>> waiting_; // for runs that are yet to start
  recent_results results_;
};

} // namespace weir
