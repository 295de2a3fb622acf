#pragma once

#include "actors/core/meta_objects.hpp"
#include "actors/host/host.hpp"
#include "net/gateway.hpp"
#include "net/wire/encode.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>

#include <memory>
#include <optional>

namespace weir::test {

/// A gateway with real sockets on a free port of loopback, before a real host.
class live_gateway {
public:
  explicit live_gateway(const limits& bounds = {}, std::size_t threads = 1)
    : sys(configured()), io(sys, threads) {
    host::config cfg;
    cfg.plan = [bounds](const std::string&) { return namespace_plan{{{"echo", "echo", {}}}, bounds}; };
    cfg.registry = std::make_shared<const agent_registry>(agent_registry::with_builtins());
    cfg.models = std::make_shared<const model_directory>();
    cfg.encode = wire::encode_event;
    the_host = sys.spawn<host>(std::move(cfg));
    status->name = "n1";
    gateway::config settings;
    settings.bounds = bounds;
    settings.status = status;
    settings.host = the_host;
    door.emplace(sys, io, std::move(settings));
    io.start();
    door->start();
  }

  ~live_gateway() {
    door->stop(std::chrono::seconds{5});
    caf::anon_send_exit(the_host, caf::exit_reason::user_shutdown);
    the_host = nullptr;
    door.reset(); // its handle of the host goes with it
    sys.await_all_actors_done();
  }

  std::uint16_t port() const { return door->port(); }

private:
  caf::actor_system_config& configured() {
    init_meta_objects();
    cfg_.set("caf.scheduler.max-threads", 2);
    return cfg_;
  }

  caf::actor_system_config cfg_;

public:
  caf::actor_system sys;
  io_threads io;
  caf::actor the_host;
  std::shared_ptr<node_status> status = std::make_shared<node_status>();
  std::optional<gateway> door;
};

} // namespace weir::test
