#pragma once

#include "actors/cluster/holder_table.hpp"
#include "actors/cluster/lease_age.hpp"
#include "actors/core/readiness.hpp"
#include "actors/core/tenure.hpp"
#include "actors/messages/claims.hpp"
#include "actors/store/store_link.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

/// Makes sure, by leases in the store that the nodes share, that a namespace has one owner: holds the node's
/// own lease, takes those of namespaces, and breaks those of nodes that are gone. That two nodes never write
/// under one epoch is the store's doing (`fence`); the leases' times only say when it is decent to take over,
/// and wall clocks that differ or jump only make that later (`lease_age`).
///
/// What waits in it is bounded by what its host asks: one claim for each of its namespaces.
///
/// Messages: `claim_namespace`, `release_namespace` (of the host). Ended by an exit message, it gives the
/// node's lease back first.
class claim_keeper : public caf::event_based_actor {
public:
  struct config {
    std::string node;
    std::uint64_t incarnation = 0;
    store_handle store;
    std::chrono::milliseconds ttl{2000}; ///< Of the node's lease: after so long without a word it is gone.
    std::function<std::int64_t()> wall_clock_ms;
    std::shared_ptr<weir::tenure> tenure = std::make_shared<weir::tenure>(); ///< Kept up to date.
    std::shared_ptr<readiness> waits = std::make_shared<readiness>();        ///< As above.
  };

  claim_keeper(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void hold_node_lease();
  void on_node_lease(const lease_grant& got, tenure::time_point asked_at);
  void on_no_lease(const refusal& no);
  void watch_tenure();
  void lapse();
  void again_in(std::chrono::milliseconds delay);
  void claim(const std::string& ns);
  void on_claimed(const std::string& ns, const lease_grant& got);
  void judge(const std::string& ns, const lease_grant& got);
  void look_at(const std::string& node);
  void break_lease(const std::string& ns, const lease_grant& of);
  void release(const std::string& ns, std::uint64_t epoch);
  void refuse(const std::string& ns, const std::string& holder, refusal no, std::int64_t retry_after_ms);
  void stop(const caf::error& reason);
  template <class Then, class Failed>
  void ask_store(store_link::request what, Then then, Failed failed);

  void take_over(const lease_grant& of);
  std::int64_t now_ms() const;

  config settings_;
  std::string owner_;
  store_link link_;
  caf::actor host_;                // who asked last
  std::uint64_t epoch_ = 0;        // of the node's lease; 0: it is not held
  bool had_lease_ = false;         // at some time
  bool waiting_told_ = false;      // that a predecessor's lease is waited for
  std::vector<std::string> early_; // claims that came before the node had its lease
  holder_table holders_;           // by now_ms()
  lease_age ages_;
  std::map<std::string, std::map<std::string, lease_grant>> looks_; // node → namespaces that wait for a look
  caf::telemetry::int_gauge* held_;
  caf::telemetry::int_counter* broken_;
  caf::telemetry::int_counter* lapses_;
};

} // namespace weir
