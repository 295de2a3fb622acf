#pragma once

#include "actors/cluster/claim_keeper.hpp"
#include "actors/cluster/directory.hpp"
#include "actors/host/host.hpp"
#include "actors/namespace/relay.hpp"
#include "actors/store/memory_store.hpp"
#include "testing/fixture.hpp"
#include "testing/recorder.hpp"
#include "tests/support/placed_on.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir::test {

/// Nodes that host namespaces over one store, in one actor system: the test says who sees whom.
class hosts_fixture : public fixture {
public:
  struct node {
    caf::actor keeper; // null without a shared store
    caf::actor host;
    caf::actor directory;
  };

  hosts_fixture() { spdlog::set_level(spdlog::level::off); }

  ~hosts_fixture() {
    nodes.clear();
    own_stores.clear();
    store = {};
    spdlog::set_level(spdlog::level::info);
  }

  namespace_plan plan{{{"echo", "echo", {}}}, {}};
  bool shared = true;
  std::function<void(host::config&)> adjust; // before a host starts
  std::map<std::string, node> nodes;
  store_handle store;
  std::map<std::string, store_handle> own_stores; // of nodes that share none; they outlive their nodes
  memory_store* disk = nullptr;

  std::int64_t now_ms() const {
    auto since = sched.clock().now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }

  store_handle make_store() {
    store_options options;
    options.detached = false;
    options.actor.wall_clock_ms = [this] { return now_ms(); };
    auto made = std::make_unique<memory_store>();
    disk = made.get();
    auto out = start_store(sys, std::move(made), options);
    own(out.actor);
    return out;
  }

  void start(const std::string& name, std::uint64_t incarnation = 1) {
    node made;
    auto time = std::make_shared<tenure>();
    if (shared && !store.actor) store = make_store();
    auto& own_store = own_stores[name];
    if (!shared && !own_store.actor) own_store = make_store();
    auto keeps = shared ? store : own_store;
    if (shared) {
      claim_keeper::config claims;
      claims.node = name;
      claims.incarnation = incarnation;
      claims.store = store;
      claims.wall_clock_ms = [this] { return now_ms(); };
      claims.tenure = time;
      made.keeper = own(sys.spawn<claim_keeper>(std::move(claims)));
    }
    host::config cfg;
    cfg.plan = [this](const std::string&) { return plan; };
    cfg.registry = std::make_shared<const agent_registry>(agent_registry::with_builtins());
    cfg.models = std::make_shared<const model_directory>();
    cfg.seed = incarnation * 1000 + std::hash<std::string>{}(name) % 1000;
    cfg.wall_clock_ms = [this] { return now_ms(); };
    cfg.store = keeps;
    cfg.node = name;
    cfg.claims = made.keeper;
    if (made.keeper) cfg.tenure = time;
    if (adjust) adjust(cfg);
    made.host = own(sys.spawn<host>(std::move(cfg)));
    made.directory = own(sys.spawn<directory>(directory::config{}));
    nodes[name] = std::move(made);
    run();
  }

  /// What a node believes of who hosts namespaces.
  void show(const std::string& to, const std::vector<std::string>& names) {
    host_places what;
    for (auto& x : names) what.all.push_back({x, nodes.at(x).host});
    caf::anon_send(nodes.at(to).host, what);
    caf::anon_send(nodes.at(to).directory, what);
  }

  /// All of them see these.
  void show_all(const std::vector<std::string>& names) {
    for (auto& [name, x] : nodes) show(name, names);
    run();
  }

  /// A node ends without a word.
  void kill(const std::string& name) {
    auto& x = nodes.at(name);
    if (x.keeper) caf::anon_send_exit(x.keeper, caf::exit_reason::kill);
    caf::anon_send_exit(x.host, caf::exit_reason::kill);
    caf::anon_send_exit(x.directory, caf::exit_reason::kill);
    run();
    nodes.erase(name);
  }

  relay& open(const std::string& at, const std::string& ns) {
    auto handle = spawn_io<relay>(relay::config{ns, nodes.at(at).directory, nullptr});
    run();
    return deref<relay>(handle);
  }

  /// Starts n1 and n2, which see each other. @returns a namespace that is n2's.
  std::string start_two() {
    start("n1");
    start("n2");
    show_all({"n1", "n2"});
    return placed_on("n2", {"n1", "n2"});
  }

  /// Starts n1 alone. @returns a namespace that is n2's once there is one.
  std::string start_one() {
    start("n1");
    show_all({"n1"});
    return placed_on("n2", {"n1", "n2"});
  }

  /// n2 comes to n1.
  void start_second() {
    start("n2");
    show_all({"n1", "n2"});
  }

  static publish_request event(const std::string& message_id, const std::string& type = "chat") {
    publish_request out;
    out.client_id = "alice";
    out.message_id = message_id;
    out.type = type;
    out.data = "1";
    return out;
  }

  /// How many namespaces are open at a node.
  std::string open_at(const std::string& node) {
    std::string out;
    auto to = nodes.at(node).host;
    own(sys.spawn([&out, to](caf::event_based_actor* self) -> caf::behavior {
      admin_query what;
      what.what = admin_query::verb::node;
      self->request(to, caf::infinite, what).then([&out](const admin_answer& got) { out = got.json; });
      return {[](int) {}};
    }));
    run();
    return out;
  }

  /// Who has the namespace's lease; empty: nobody.
  std::string holder(const std::string& ns) {
    return std::get<lease_grant>(disk->look("ns/" + ns, now_ms())).owner;
  }
};

} // namespace weir::test
