#pragma once

#include "actors/host/host.hpp"
#include "actors/messages/meta_objects.hpp"
#include "net/gateway.hpp"
#include "net/wire/encode.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/send.hpp>
#include <nlohmann/json.hpp>

#include <memory>
#include <optional>

namespace weir::test {

/// Limits that no test of something else runs into.
inline limits generous() {
  limits out;
  out.publish_per_s = 1'000'000;
  out.burst = 1'000'000;
  out.relay_credit = 100'000;
  return out;
}

/// A `publish` frame.
inline nlohmann::json publish(const std::string& id, const nlohmann::json& data = 1,
                              const std::string& type = "chat.1") {
  return {{"op", "publish"}, {"type", type}, {"message_id", id}, {"data", data}};
}

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
    door.emplace(sys, io, settings_of(bounds, status));
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

  /// A gateway of its own on a port of its own, before the same host; as that of another node. To be stopped
  /// before this one.
  std::unique_ptr<gateway> another(const limits& bounds, std::shared_ptr<node_status> its_status) {
    return std::make_unique<gateway>(sys, io, settings_of(bounds, std::move(its_status)));
  }

private:
  gateway::config settings_of(const limits& bounds, std::shared_ptr<node_status> its_status) const {
    gateway::config out;
    out.bounds = std::make_shared<const namespace_limits>(bounds);
    out.status = std::move(its_status);
    out.host = the_host;
    out.signer = signer_;
    return out;
  }

  std::shared_ptr<const session_signer> signer_ =
      std::make_shared<const session_signer>("a secret of some length");
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
