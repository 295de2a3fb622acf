#pragma once

#include "actors/cluster/place_table.hpp"
#include "actors/messages/namespace.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <chrono>
#include <deque>
#include <string>
#include <vector>

namespace weir {

/// Stands where a single node has its host: takes what relays ask of a namespace to the host of the node that
/// owns it by `owner_of`, this one or another. What is attached stays where it is when nodes come and go; a
/// relay that has lost its namespace asks again.
///
/// While no node hosts namespaces, and the last one went less than `patience` ago, relays wait, so that their
/// clients keep their sockets over its restart; else they are refused with `503 unavailable`. Those that wait
/// are as many as there are relays, one for each namespace and I/O thread: `limits.namespaces` bounds them.
///
/// Messages: `attach_relay`, `admin_query`, `host_places`; `(reach_atom, node_id)` is answered with whether
/// this node has a link to that one.
class directory : public caf::event_based_actor {
public:
  struct config {
    std::chrono::milliseconds patience{10'000};
  };

  directory(caf::actor_config& cfg, config settings);

  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void admit(const attach_relay& what);
  void on_places(const host_places& what);
  void on_patience_over();
  void refuse(const attach_relay& what);
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> ask(const caf::actor& whom, const admin_query& what);
  caf::result<admin_answer> ask_hosts(const admin_query& what);
  caf::result<admin_answer> ask_all(const admin_query& what);

  config settings_;
  place_table places_;
  caf::actor membership_;
  std::vector<caf::node_id> reach_; // as many as there may be members
  std::deque<attach_relay> waiting_;
  bool patient_ = false; // the last host went not long ago
  std::uint64_t losses_ = 0;
  caf::telemetry::int_gauge* waiting_gauge_;
  caf::telemetry::int_counter* refused_;
};

} // namespace weir
