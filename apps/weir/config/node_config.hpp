#pragma once

#include "actors/agents/config.hpp"
#include "actors/cluster/links/tls_credentials.hpp"
#include "actors/core/limits.hpp"
#include "actors/core/secret_source.hpp"
#include "actors/models/config.hpp"
#include "actors/runs/workflow/workflow_plan.hpp"
#include "apps/weir/config/auth_section.hpp"
#include "net/tls/tls_server.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

struct node_section {
  std::string name = "n1";
  std::vector<std::string> roles = {"gateway", "host", "models"};
  std::uint32_t io_threads = 0; ///< 0: one per core.
  std::string data_dir = "weir-data";
  std::uint64_t drain_ms = 25'000; ///< At most so long from SIGTERM until the clients that are left are cut.
  std::uint64_t drain_spread_ms = 5'000; ///< Within which the clients are to move.
  std::uint64_t handler_warn_ms = 1'000; ///< A handler of an agent that runs for longer is named in the log.
  std::uint32_t blocking_threads = 32;   ///< At most so many for agents that block.
  std::uint64_t memory_bytes = 0; ///< What namespaces and clients may take together; 0: three quarters.
  std::uint64_t disk_bytes = 0;   ///< What logs may take together in the store; 0: three quarters.
};

struct listen_section {
  std::string address = "127.0.0.1"; ///< An IP address.
  std::uint16_t port = 8080;         ///< 0: a free one.
  std::vector<std::string> origins;  ///< Of browsers' pages; empty: only those of the request's own host.
  std::vector<std::string> hosts;    ///< Names of the node; empty: on loopback `localhost` and IP addresses.
  bool metrics = false;              ///< Whether `/metrics` is here as well.
  tls_server_files tls;              ///< Not set: no TLS.
  std::string default_namespace;     ///< Of clients and tokens that name none; empty: there is none.
};

struct admin_section {
  std::string address = "127.0.0.1"; ///< An IP address.
  std::uint16_t port = 8081;         ///< 0: a free one.
  secret_source token{"WEIR_ADMIN_TOKEN"};
  std::vector<std::string> origins; ///< As `listen.origins`.
  tls_server_files tls;             ///< Not set: no TLS.
};

struct metrics_section {
  bool namespace_histograms = false; ///< Whether each namespace has histograms of its own.
};

/// Its key `ttl_ms` is kept as `bounds.session_ttl_ms`.
struct session_section {
  secret_source secret{"WEIR_SESSION_SECRET"}; ///< Not there: it is a file in `data_dir`.
  std::vector<secret_source> secrets;          ///< Instead of `secret`: the newest signs, the others verify.
};

struct store_section {
  std::string kind = "sqlite"; ///< `sqlite`, `memory` or `redis`.
  std::string url;             ///< Of Redis. May hold a password: printed by `mask_url` only.
  secret_source password{"WEIR_STORE_PASSWORD"}; ///< Where it is there, it is used and not the URL's.
  std::uint64_t timeout_ms = 2000;               ///< Of one call of Redis.
};

struct cluster_section {
  std::string listen;             ///< `address:port` for the other nodes; port 0: a free one.
  std::vector<std::string> seeds; ///< `host:port` of other nodes.
  std::uint32_t heartbeat_ms = 500;
  std::uint32_t timeout_ms = 2000; ///< A node that has said nothing for so long is taken for gone.
  tls_files tls;                   ///< All three, or none: then links are plain TCP.
};

/// What a namespace runs, and within which limits: the node's, except those that it sets itself.
struct namespace_section {
  std::vector<std::string> agents;
  std::vector<std::string> workflows;
  std::string durability = "process"; ///< `process`, `power` or `none`.
  std::string causal = "deliver";     ///< `deliver` or `refuse`: what has waited in vain for its predecessor.
  limits bounds;
};

struct log_section {
  std::string level = "info";  ///< `trace`, `debug`, `info`, `warn`, `error` or `off`.
  std::string format = "text"; ///< `text` or `json`.
};

/// All that a node can be told. A default-constructed one has no models, agents and namespaces:
/// see `default_config`.
struct node_config {
  node_section node;
  listen_section listen;
  admin_section admin;
  metrics_section metrics;
  auth_section auth;
  session_section session;
  store_section store;
  cluster_section cluster;
  limits bounds;
  std::map<std::string, namespace_section> namespaces; ///< `*` stands for any that is not named.
  std::vector<model_config> models;
  std::vector<agent_config> agents;
  std::map<std::string, workflow> workflows;
  std::vector<std::string> plugins; ///< Shared objects; see `load_plugins`.
  log_section log;

  /// What is in force for a namespace: its own section, else that of `*`, else nothing but the node's limits.
  namespace_section namespace_for(const std::string& name) const;

  /// Whether it is one of several nodes.
  bool is_clustered() const { return !cluster.listen.empty() || !cluster.seeds.empty(); }

  /// Where the other nodes reach it: `cluster.listen`, else a free port on loopback.
  std::string cluster_listen() const { return cluster.listen.empty() ? "127.0.0.1:0" : cluster.listen; }

  bool has_role(const std::string& role) const;
};

/// A node without a configuration file.
node_config default_config();

/// Whether anyone could reach what nothing protects: clients while `auth.mode` is `none`, the admin calls
/// while no token is configured, other nodes without `cluster.tls`.
/// @returns why the node must not listen there without `--insecure`, or an empty string.
std::string check_exposure(const node_config& cfg);

} // namespace weir
