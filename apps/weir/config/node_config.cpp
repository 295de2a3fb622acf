#include "apps/weir/config/node_config.hpp"

#include "actors/cluster/links/node_address.hpp"
#include "apps/weir/config/rules.hpp"

#include <algorithm>

namespace weir {

namespace {

std::string exposed(const std::string& key, const std::string& address, const std::string& why) {
  return key + ": " + address + " is not a loopback address, and " + why
         + ": anyone could connect. Say --insecure if that is meant";
}

} // namespace

namespace_section node_config::namespace_for(const std::string& name) const {
  auto found = namespaces.find(name);
  if (found == namespaces.end()) found = namespaces.find("*");
  if (found != namespaces.end()) return found->second;
  namespace_section out;
  out.bounds = bounds;
  return out;
}

bool node_config::has_role(const std::string& role) const {
  return std::find(node.roles.begin(), node.roles.end(), role) != node.roles.end();
}

node_config default_config() {
  node_config out;
  out.models.emplace_back().name = "default";
  agent_config echo;
  echo.name = "echo";
  echo.kind = "echo";
  agent_config assistant;
  assistant.name = "assistant";
  assistant.prompt.on = {"chat.*.message"};
  assistant.prompt.emit = "chat.{1}.reply";
  assistant.prompt.system = "You are brief and kind.";
  out.agents = {std::move(echo), std::move(assistant)};
  out.namespaces["*"].agents = {"echo", "assistant"};
  return out;
}

std::string check_exposure(const node_config& cfg) {
  if (cfg.auth.mode == "none" && !is_loopback(cfg.listen.address))
    return exposed("listen.address", cfg.listen.address, "auth.mode is none");
  if (!has_secret(cfg.admin.token) && !is_loopback(cfg.admin.address))
    return exposed("admin.address", cfg.admin.address,
                   cfg.admin.token.file.empty() ? cfg.admin.token.env + " is not set"
                                                : cfg.admin.token.file + " holds no token");
  if (auto at = parse_node_address(cfg.cluster_listen());
      cfg.is_clustered() && !cfg.cluster.tls.is_set() && at && !is_loopback(at->host))
    return exposed("cluster.listen", at->host,
                   "nodes do not ask each other who they are without cluster.tls");
  return {};
}

} // namespace weir
