#pragma once

#include "actors/cluster/links/dial_book.hpp"
#include "actors/cluster/links/middleman_dial.hpp"
#include "actors/cluster/member_table.hpp"
#include "actors/messages/namespace.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Knows the nodes of the cluster: dials the seeds and whom they know, until every node is connected to every
/// other, and notices when one goes. Tells the directory of this node which nodes host namespaces, and the
/// namespaces of this node who came and went (`sys.node.joined`, `sys.node.left`).
///
/// A node whose model pools are elsewhere asks every member with the role `models` for its pools
/// (`pools_atom`, answered with `pool_places`), and tells its own remote pools of all that it knows.
///
/// Messages: `member_hello`, `member_addresses`, `member_leaving` (of other nodes), `admin_query` (`nodes`,
/// `node`, `drain`); a `vacate_atom` lets this node give up its namespaces, and is answered with whether
/// another node can take them; a `retire_atom` lets the other nodes ask this one's model pools for nothing
/// new; a `fit_atom` says whether its host can have any now.
class membership : public caf::event_based_actor {
public:
  struct config {
    member_hello self;                  ///< Its address is set here, and where there is none to listen at.
    std::optional<node_address> listen; ///< Nothing: the node is alone.
    std::vector<std::string> seeds;
    std::chrono::milliseconds timeout{2000}; ///< After which a node that says nothing is taken for gone.
    backoff retry{std::chrono::milliseconds{250}, std::chrono::milliseconds{5000}};
    std::uint64_t seed = 0; ///< For back-off.
    caf::actor directory;
    caf::actor host;                       ///< Of this node; null without the role.
    std::vector<pool_places::place> pools; ///< Of this node, for others to ask; none without the role.
    std::vector<caf::actor> remote_pools;  ///< Of this node: who is told of the others' pools.
    dial_function dial;                    ///< Needed with seeds …
    listen_function open;                  ///< … and with `listen`.
    std::function<std::int64_t()> connections = [] { return 0; }; ///< Of this node's gateway.
    /// Called once: where this node listens, and that every seed has been reached, or tried in vain.
    std::function<void(const std::string& address)> on_settled = [](const std::string&) {};
    /// Called when this node cannot be a member, and why.
    std::function<void(const std::string& why)> on_refused = [](const std::string&) {};
    /// Called when an operator has asked at another node that this one drains.
    std::function<void()> on_drain = [] {};
  };

  membership(caf::actor_config& cfg, config settings);

  /// Addresses of which is remembered what was logged; above it all are forgotten, and logged again.
  static constexpr std::size_t max_said = 256;

  /// Seeds that neither answer nor refuse are waited for this long before namespaces are placed without them.
  static constexpr std::chrono::milliseconds place_patience{4500};

  caf::behavior make_behavior() override;
  void on_exit() override;

  const member_table& members() const noexcept { return table_; }

private:
  void begin(const std::string& address);
  void work();
  void dial(const std::string& address);
  void greet(const std::string& address, const caf::actor& peer);
  void on_welcome(const std::string& address, const member_welcome& what);
  void on_refusal(const std::string& address, const refusal& no);
  void give_up(const std::string& why);
  void warn_once(const std::string& address, const std::string& what);
  void dial_failed_at(const std::string& address, const std::string& why);
  member_welcome on_hello(const member_hello& who);
  void take_in(const member_hello& who, const member_table::outcome& what);
  void on_down(const caf::down_msg& msg);
  void lose(const member_hello& who);
  void begin_to_place();
  void tell_places();
  bool give_up_hosting();
  void on_leaving(const member_leaving& what);
  void on_hosting(const member_hosting& what);
  void set_fit(bool fit);
  caf::result<admin_answer> drain(const std::string& node);
  void tell_addresses();
  void retire_pools();
  void on_pools(const pool_places& what);
  void ask_for_pools(const std::string& name, std::uint64_t incarnation);
  void forget_pools(const std::string& name);
  void tell_pools();
  void announce(const char* type, const member_hello& who);
  member_hello introduction() const;
  caf::result<admin_answer> on_admin(const admin_query& what);
  caf::result<admin_answer> report_node();
  caf::result<admin_answer> report_all();

  config settings_;
  member_table table_;
  dial_book dials_;
  std::map<std::string, std::string> dialled_; // name of a member → the address by which it was reached
  std::map<std::string, std::string> said_;    // address → what was last logged of it; max_said
  std::map<std::string, std::vector<pool_places::place>> pools_; // of members, by their names
  std::optional<dial_book::time_point> name_taken_since_;
  std::uint16_t port_ = 0; // where this actor is published
  bool begun_ = false;
  bool settled_ = false;
  bool leaving_ = false; // for good
  bool places_ = false;  // the directory and the host are told who hosts namespaces
  bool ticking_ = false;
  caf::telemetry::int_gauge* size_;
  caf::telemetry::int_counter* joins_;
  caf::telemetry::int_counter* losses_;
  caf::telemetry::int_counter* failures_;
  caf::telemetry::int_counter_family* refusals_;
};

} // namespace weir
