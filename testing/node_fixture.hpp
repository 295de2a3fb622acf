#pragma once

#include "actors/host/host.hpp"
#include "actors/namespace/relay.hpp"
#include "actors/store/witnessed_store.hpp"
#include "testing/fixture.hpp"
#include "testing/recorder.hpp"
#include "testing/spy_store.hpp"

#include <functional>
#include <string>

namespace weir::test {

/// A node without sockets: a host, and relays of the one I/O unit to reach its namespaces.
class node_fixture : public fixture {
public:
  agent_registry registry = agent_registry::with_builtins();
  model_directory models;
  namespace_plan plan{{{"echo", "echo", {}}}, {}};
  std::shared_ptr<spy> disk;     ///< With one, there is a store.
  std::int64_t wall_jump_ms = 0; ///< What the wall clock shows more than the monotonic one.
  bool witnessed = true;         ///< As a real store is: see `make_witnessed_store`.
  std::uint64_t store_inbox = 4096;
  std::uint64_t store_group_events = 16'384;

  /// Starts the host with what `registry`, `models` and `plan` are now.
  void start() {
    host::config cfg;
    cfg.max_namespaces = 3;
    cfg.plan = [this](const std::string&) { return plan; };
    cfg.registry = std::make_shared<const agent_registry>(registry);
    cfg.models = std::make_shared<const model_directory>(models);
    cfg.seed = 7;
    cfg.wall_clock_ms = [this] { return now_ms() + wall_jump_ms; };
    if (disk && !store.actor) {
      store_options options;
      options.inbox_limit = store_inbox;
      options.detached = false;
      options.actor.group_events = store_group_events;
      options.actor.wall_clock_ms = cfg.wall_clock_ms;
      std::unique_ptr<weir::store> made = std::make_unique<spy_store>(disk);
      if (witnessed) made = make_witnessed_store(std::move(made), {});
      store = start_store(sys, std::move(made), options);
      own(store.actor);
    }
    cfg.store = store;
    the_host = own(sys.spawn<host>(std::move(cfg)));
  }

  ~node_fixture() { store = {}; }

  std::int64_t now_ms() const {
    auto since = sched.clock().now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  }

  /// Ends the host with its namespaces at once, and starts another over the same store.
  void restart() {
    caf::anon_send_exit(the_host, caf::exit_reason::kill);
    run();
    the_host = nullptr;
    start();
    run();
  }

  /// A relay of its own, attached.
  relay& open(const std::string& ns) {
    if (!the_host) start();
    auto handle = spawn_io<relay>(relay::config{ns, the_host, nullptr});
    run();
    return deref<relay>(handle);
  }

  static publish_request event_of(std::string client, std::string message_id, std::string type,
                                  std::string data = "1") {
    publish_request out;
    out.client_id = std::move(client);
    out.message_id = std::move(message_id);
    out.type = std::move(type);
    out.data = std::move(data);
    return out;
  }

  static call_request call_of(std::string target, std::string message_id, std::string input = "\"hi\"",
                              std::int64_t timeout_ms = 0, bool stream = false) {
    call_request out;
    out.target = std::move(target);
    out.client_id = "alice";
    out.message_id = std::move(message_id);
    out.input = std::move(input);
    out.timeout_ms = timeout_ms;
    out.caller.stream = stream;
    return out;
  }

  caf::actor the_host;
  store_handle store;
};

} // namespace weir::test
