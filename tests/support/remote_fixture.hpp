#pragma once

#include "actors/models/pool_port.hpp"
#include "actors/models/remote/remote_pool.hpp"
#include "tests/support/pool_fixture.hpp"

namespace weir::test {

/// A remote pool `m` and the pools of that name on other nodes, in one actor system: the test says which
/// nodes there are. Callers only see the remote one.
struct remote_fixture : pool_fixture {
  struct node {
    pool_handle pool;
    caf::actor port;
    std::shared_ptr<scripted_state> backend;
    bool retiring = false;
  };

  ~remote_fixture() { nodes.clear(); }

  /// @param settings what the asking node says of the model.
  void add_remote(const model_config& settings, remote_links::bounds limits = {}) {
    auto pool = make_remote_pool(sys, settings, limits);
    own(pool.actor);
    models.insert_or_assign(settings.name, pool);
    run();
  }

  /// A node that runs the pool, and is known at once.
  node& add_node(const std::string& name, const model_config& settings = config_of("m", 4)) {
    node made;
    auto state = made.backend = std::make_shared<scripted_state>();
    made.pool = make_pool(
        sys, settings, [state] { return std::make_shared<scripted_backend>(state); }, unit);
    made.port = own(sys.spawn<pool_port>(made.pool));
    own(made.pool.actor);
    auto& out = nodes[name] = std::move(made);
    tell();
    return out;
  }

  /// A node whose port takes what is sent to it and reads nothing of it.
  caf::actor add_silent_node(const std::string& name) {
    node made;
    made.port = own(sys.spawn<probe<model_request>>());
    auto port = made.port;
    nodes[name] = std::move(made);
    tell();
    return port;
  }

  /// As membership does.
  void tell() {
    pool_places what;
    for (auto& [name, x] : nodes) what.all.push_back({name, "m", x.port, x.retiring});
    what.all.push_back({"n1", "another", out, false});
    send(models.at("m").actor, what);
  }

  /// A node ends without a word: what it still says is heard by nobody.
  void kill(const std::string& name) {
    auto x = nodes.at(name);
    nodes.erase(name);
    caf::anon_send_exit(x.port, caf::exit_reason::kill);
    if (x.pool.actor) caf::anon_send_exit(x.pool.actor, caf::exit_reason::kill);
    run();
  }

  /// Where the calls of a namespace go.
  static std::string first_of(const std::string& ns, const std::vector<std::string>& all) {
    remote_links links{{}};
    for (auto& x : all) links.add(x);
    return std::get<std::string>(links.choose("m/" + ns, 1, {}, {}));
  }

  /// A namespace whose calls go to this one of these nodes.
  static std::string placed_on(const std::string& node, const std::vector<std::string>& all) {
    for (int i = 0;; ++i)
      if (auto ns = "ns" + std::to_string(i); first_of(ns, all) == node) return ns;
  }

  std::size_t asked(const std::string& name) { return nodes.at(name).backend->asked.size(); }

  std::int64_t remote_counter(const std::string& name, const std::string& reason = {}) {
    if (reason.empty()) return counted(name, {{"model", std::string{"m"}}});
    return counted(name, {{"model", std::string{"m"}}, {"reason", reason}});
  }

  std::int64_t remote_gauge(const std::string& name) {
    return sys.metrics().gauge_instance("weir", name, {{"model", std::string{"m"}}}, "")->value();
  }

  std::map<std::string, node> nodes;
};

} // namespace weir::test
