#pragma once

#include "actors/agents/config.hpp"
#include "actors/agents/registry.hpp"
#include "actors/core/limits.hpp"
#include "actors/core/restart_ledger.hpp"
#include "actors/core/wall_clock.hpp"
#include "actors/models/pool.hpp"
#include "actors/namespace/messages.hpp"
#include "actors/runs/workflow_plan.hpp"
#include "actors/store/store_actor.hpp"

#include <caf/event_based_actor.hpp>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// What a namespace is to run, and within which limits.
struct namespace_plan {
  std::vector<agent_config> agents;
  limits bounds;
  durability keep = durability::process; ///< `none`: nothing of it is in the store.
  bool refuse_orphans = false;           ///< See `sequencer::config`.
  std::map<std::string, std::shared_ptr<const workflow>, std::less<>> workflows = {};
};

/// Owns the namespaces of a node: makes each on first use, with its orchestrator, and makes them again when
/// they die. Their number is bounded by `limits.namespaces`; overflow policy: `429 quota`.
///
/// With a store it opens at its start all namespaces that were there before, so that agents go on with what
/// they have to do though no client has come back yet.
///
/// Messages: `attach_relay` reaches the namespace, or is answered with a refusing `attached`; `admin_query`;
/// `server_event`, for all namespaces.
class host : public caf::event_based_actor {
public:
  struct config {
    std::uint64_t max_namespaces = 10'000;
    std::function<namespace_plan(const std::string& name)> plan;
    std::shared_ptr<const agent_registry> registry;
    std::shared_ptr<const model_directory> models;
    event_encoder encode = nullptr;
    store_handle store;                                                ///< Empty: nothing outlives the node.
    std::uint64_t seed = 0;                                            ///< For epochs and back-off.
    std::function<std::int64_t()> wall_clock_ms = weir::wall_clock_ms; ///< Milliseconds since the Unix epoch.
    bool may_detach = true; ///< false for tests: agents that block get no thread of their own.
  };

  host(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct entry {
    namespace_plan plan;
    std::string label; // of its metrics
    caf::actor ns;
    caf::actor orchestrator;
    restart_ledger ledger;
    bool failed = false;
    std::vector<attach_relay> waiting; // relays that came during a restart: one for each I/O thread
    std::shared_ptr<const model_directory> models; // with the namespace's account
  };

  void admit(const attach_relay& what);
  entry* open(const std::string& name, refusal& no);
  std::shared_ptr<const model_directory> models_for(const std::string& name, const entry& x);
  void start(const std::string& name, entry& x);
  void start_orchestrator(const std::string& name, entry& x);
  void on_down(const caf::down_msg& msg);
  void restart(const std::string& name);
  void refuse(const attach_relay& what, refusal no);
  void stop(const caf::error& reason);
  void quit_if_alone();
  void remember(const std::string& name);
  void reopen(const std::string& after);
  void on_known(store_answer& what);
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> report_all();
  std::string make_epoch();

  config settings_;
  jitter_source random_;
  std::map<std::string, entry, std::less<>> entries_;
  std::optional<caf::error> stopping_;
};

} // namespace weir
