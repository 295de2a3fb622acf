#pragma once

#include "actors/agents/config.hpp"
#include "actors/agents/handler_watch.hpp"
#include "actors/agents/registry.hpp"
#include "actors/cluster/place_table.hpp"
#include "actors/core/byte_budget.hpp"
#include "actors/core/label_book.hpp"
#include "actors/core/limits.hpp"
#include "actors/core/memory_trim.hpp"
#include "actors/core/namespace_label.hpp"
#include "actors/core/restart_ledger.hpp"
#include "actors/core/tenure.hpp"
#include "actors/core/wall_clock.hpp"
#include "actors/host/reopening.hpp"
#include "actors/messages/claims.hpp"
#include "actors/messages/namespace.hpp"
#include "actors/models/pool.hpp"
#include "actors/namespace/namespace_meters.hpp"
#include "actors/runs/run_meters.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"
#include "actors/store/store_actor.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/typed_response_promise.hpp>

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

/// What a namespace is to run, and within which limits.
struct namespace_plan {
  std::vector<agent_config> agents;
  limits bounds;
  durability keep = durability::process; ///< `none`: nothing of it is in the store.
  bool refuse_orphans = false;           ///< See `sequencer::config`.
  std::map<std::string, std::shared_ptr<const workflow>, std::less<>> workflows = {};
  bool configured = true;   ///< It is named in the configuration: it stays, also when nothing is in it.
  std::string version = {}; ///< Plans of one version are the same.
};

/// Owns the namespaces of a node: makes each on first use, with its orchestrator, and makes them again when
/// they die. Their number is bounded by `limits.namespaces`; overflow policy: `429 quota`.
///
/// One that is not configured, that nothing is in and where nobody is, is forgotten; above
/// `vacant_share` of the bound also one that has nothing but sessions without a socket. One that is deleted
/// leaves nothing in the store.
///
/// With a store it opens at its start all namespaces that were there before, so that agents go on with what
/// they have to do though no client has come back yet.
///
/// In a cluster (host_placement.cpp) it opens those that `owner_of` places on this node, once `claims` says
/// that nobody else has them, and hands on those that are placed elsewhere when nodes come and go, at most
/// `max_moves` at a time.
///
/// After `plans_changed` it closes and opens those that have another plan by now (host_reload.cpp), as when
/// they move: their clients notice nothing.
///
/// Messages: `attach_relay` reaches the namespace, or is answered with a refusing `attached` or with
/// `attach_later`; `host_places`, `adopt_namespace`; `admin_query`; `server_event`, for all namespaces; a
/// `vacate_atom` is answered once all namespaces have gone to other nodes, or there are none.
class host : public caf::event_based_actor {
public:
  /// What the namespaces of a node share.
  struct shared_resources {
    std::uint64_t max_namespaces = 0;
    std::shared_ptr<const model_directory> models;
  };

  struct config {
    std::uint64_t max_namespaces = 10'000;
    std::function<namespace_plan(const std::string& name)> plan;
    std::shared_ptr<const agent_registry> registry;
    std::shared_ptr<const model_directory> models;
    event_encoder encode = nullptr;
    store_handle store;                                                ///< Empty: nothing outlives the node.
    std::uint64_t seed = 0;                                            ///< For epochs and back-off.
    std::function<std::int64_t()> wall_clock_ms = weir::wall_clock_ms; ///< Milliseconds since the Unix epoch.
    std::function<std::int64_t()> expiry_clock_ms = {}; ///< The store's, see `expiry_clock`; empty: as above.
    caf::execution_unit* blocking = nullptr; ///< For agents that block; null: there are no threads for them.
    std::shared_ptr<handler_watch> watch = nullptr;       ///< Null: handlers of agents are not watched.
    std::string node = {};                                ///< As in `host_places`; empty: nobody sends those.
    caf::actor claims = {};                               ///< Null: the store is no other node's.
    std::shared_ptr<const weir::tenure> tenure = nullptr; ///< With `claims`.
    bool open_namespaces = true;                   ///< Whether a client may open one that is not configured.
    std::shared_ptr<byte_budget> memory = nullptr; ///< What the namespaces share.
    std::shared_ptr<byte_budget> disk = nullptr;   ///< As above, in the store.
    std::function<shared_resources()> resources = nullptr; ///< Asked after `plans_changed`; null: they stay.
  };

  /// Of `max_namespaces`. Above it namespaces with nothing but sessions without a socket are forgotten.
  static constexpr double vacant_share = 0.75;

  /// Of the labels of metrics, so many may be those of namespaces that are not configured.
  static constexpr std::size_t max_guest_labels = max_namespace_labels / 2;

  /// Namespaces that are on their way to another node at a time; the others go on meanwhile.
  static constexpr std::size_t max_moves = 16;

  /// A request to be attached is passed on to the node that seems to own the namespace so often; then its
  /// relay is told to ask later, when the nodes agree.
  static constexpr std::uint32_t max_hops = 3;

  /// Relays wait this long for a namespace whose owner cannot be reached, then they are refused.
  static constexpr std::chrono::seconds patience{10};

  /// A namespace that has not ended by itself after so long is ended, when it is to move.
  static constexpr std::chrono::seconds move_timeout{15};

  host(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  enum class phase {
    claiming, ///< Whether it is this node's is being found out.
    open,     ///< Its actors run, or are about to be made again.
    moving,   ///< Its actors end, and another node goes on with it.
    retiring, ///< Its actors end, or its last traces are being dropped.
  };

  struct entry {
    namespace_plan plan;
    std::string label; // of its metrics
    caf::actor ns;
    caf::actor orchestrator;
    restart_ledger ledger;
    bool failed = false;
    std::vector<attach_relay> waiting = {};                  // one for each I/O thread of each node
    std::shared_ptr<const model_directory> models = nullptr; // with the namespace's account
    phase now = phase::open;
    std::uint64_t epoch = 0; // of its lease
    bool has_run = false;    // since it came to this node
    bool outdated = false;   // it runs by a plan that was changed
    std::optional<caf::actor_clock::time_point> waits_since =
        std::nullopt; // for a holder that cannot be reached
    std::vector<caf::typed_response_promise<admin_answer>> deleting = {}; // who waits for its end
  };

  void admit(const attach_relay& what);
  static void wait(entry& x, const attach_relay& what);
  entry* open(const std::string& name, refusal& no);
  std::shared_ptr<const model_directory> models_for(const std::string& name, const entry& x);
  store_handle store_for(const std::string& name, const entry& x) const;
  void start(const std::string& name, entry& x);
  void start_orchestrator(const std::string& name, entry& x);
  void watch(const caf::actor& what, const std::string& name);
  void on_down(const caf::down_msg& msg);
  void on_crash(const std::string& name, entry& x);
  void restart(const std::string& name);
  void let_in(entry& x);
  void refuse(const attach_relay& what, refusal no);
  void refuse_all(entry& x, const refusal& no);
  void stop(const caf::error& reason);
  void quit_if_alone();
  void remember(const std::string& name);
  void on_remembered(const store_committed& what);
  void reopen();
  void go_on_reopening();
  void read_names(const std::string& after);
  void on_known(store_answer& what);
  void on_no_names();
  void opened(const std::string& name);
  void note_reopened();
  void sweep(std::size_t part);
  void note_memory();
  std::string make_epoch();

  // -- placement
  caf::behavior placing();
  void on_places(const host_places& what);
  bool is_placed_here(const std::string& name) const;
  bool is_misplaced(const std::string& name, const entry& x) const;
  void pass_on(const attach_relay& what, const host_places::place& to);
  void on_claim(const namespace_claim& what);
  void claim_later(const namespace_claim& what, entry& x);
  void on_lapsed();
  void adopt(const std::string& name);
  void correct_place(const std::string& name);
  void move_next();
  void begin_move(const std::string& name, entry& x);
  void on_end_of_moving(const std::string& name, entry& x);
  void hand_on(const std::string& name);
  caf::result<void> on_vacate();
  void note_vacant();

  // -- ends
  bool may_open(const std::string& name) const;
  std::string label_for(const std::string& name, const namespace_plan& plan);
  void on_vacancy(const namespace_vacancy& what);
  void retire(const std::string& name, entry& x, namespace_vacancy::kind at_least);
  void stay(const std::string& name, entry& x);
  void make_room();
  void on_end_of_retiring(const std::string& name, entry& x);
  void drop(const std::string& name);
  void on_dropped(const store_committed& what);
  void finish_retiring(const std::string& name);
  caf::result<admin_answer> on_remove(const std::string& name);
  // -- reload
  void on_plans_changed();
  bool may_move(const std::string& name, const entry& x) const;

  // -- admin
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> report_all();
  caf::result<admin_answer> ask_orchestrators(const admin_query& what);

  config settings_;
  jitter_source random_;
  std::string life_; ///< Of this process: see durable_subscription::restore.
  std::map<std::string, entry, std::less<>> entries_;
  std::unordered_map<caf::actor_addr, std::string> whose_; // actors of entries_
  std::optional<caf::error> stopping_;
  reopening reopening_;
  caf::actor_clock::time_point reopening_since_{};
  std::map<std::uint64_t, std::string> remembering_; // writes of names under way; one for each namespace
  std::uint64_t next_write_ = 1;
  std::map<std::uint64_t, std::string> dropping_; // writes under way; one for each namespace
  std::set<std::string> idle_;                    // with nothing but sessions without a socket
  std::set<std::string> labels_;                  // that metrics were made for; max_namespace_labels
  place_table places_;
  bool had_company_ = false;        // another node has hosted namespaces, too
  std::deque<std::string> to_move_; // at most one for each entry
  std::size_t moves_ = 0;
  caf::actor membership_;                                   // null until it has said who hosts namespaces
  std::vector<caf::typed_response_promise<void>> vacating_; // who waits for this node to be empty
  label_book<namespace_metrics> namespace_metrics_{system()};
  label_book<run_metrics> run_metrics_{system()};
  caf::telemetry::int_counter* moved_;
  memory_trim trim_;
  caf::telemetry::int_gauge* memory_gauge_;
  caf::telemetry::int_gauge* disk_gauge_;
  caf::telemetry::int_counter* adopted_;
};

} // namespace weir
