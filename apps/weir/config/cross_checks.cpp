#include "apps/weir/config/cross_checks.hpp"

#include "actors/core/json_print.hpp"
#include "actors/event/pattern.hpp"
#include "apps/weir/config/rules.hpp"

#include <algorithm>

namespace weir {

namespace {

using schema::problems;

template <class T>
const T* find(const std::vector<T>& all, const std::string& name) {
  auto found = std::find_if(all.begin(), all.end(), [&name](const T& x) { return x.name == name; });
  return found == all.end() ? nullptr : &*found;
}

std::string in_quotes(const std::string& text) { return print_json(schema::json(text)); }

void check_roles(const node_config& cfg, problems& out) {
  const std::vector<std::string> all = {"gateway", "host", "models"};
  auto given = cfg.node.roles;
  for (std::size_t i = 0; i < given.size(); ++i)
    if (std::find(all.begin(), all.end(), given[i]) == all.end())
      return out.add("node.roles[" + std::to_string(i) + "]",
                     in_quotes(given[i]) + ": must be one of gateway, host, models");
  if (given.empty()) return out.add("node.roles", "must not be empty");
  std::sort(given.begin(), given.end());
  if (std::adjacent_find(given.begin(), given.end()) != given.end())
    return out.add("node.roles", "one is named twice");
  if (given != all && !cfg.is_clustered())
    out.add("node.roles", "a node without all of gateway, host, models needs a cluster");
}

void check_cluster(const node_config& cfg, problems& out) {
  auto& x = cfg.cluster;
  if (x.timeout_ms < 2 * x.heartbeat_ms)
    out.add("cluster.timeout_ms", std::to_string(x.timeout_ms) + " is less than twice heartbeat_ms, "
                                      + std::to_string(x.heartbeat_ms));
  if (!x.tls.is_set()) return;
  if (x.tls.cert.empty()) out.add("cluster.tls.cert", "needed with the other keys of cluster.tls");
  if (x.tls.key.empty()) out.add("cluster.tls.key", "needed with the other keys of cluster.tls");
  if (x.tls.ca.empty()) out.add("cluster.tls.ca", "needed with the other keys of cluster.tls");
  if (!cfg.is_clustered()) out.add("cluster.tls", "only for a node with cluster.listen or cluster.seeds");
}

void check_model(const model_config& x, const node_config& cfg, problems& out) {
  auto path = "models." + x.name;
  if (auto* server = std::get_if<openai_config>(&x.backend)) {
    if (server->url.empty()) out.add(path + ".url", "needed with the backend openai");
    if (server->model.empty()) out.add(path + ".model", "needed with the backend openai");
  }
  if (x.breaker.max_open_ms < x.breaker.open_ms)
    out.add(path + ".breaker.max_open_ms", std::to_string(x.breaker.max_open_ms) + " is less than open_ms, "
                                               + std::to_string(x.breaker.open_ms));
  for (std::size_t i = 0; i < x.fallback.size(); ++i)
    if (!x.fallback[i].canned && find(cfg.models, x.fallback[i].value) == nullptr)
      out.add(path + ".fallback[" + std::to_string(i) + "]", "no model " + in_quotes(x.fallback[i].value));
}

/// Follows fallbacks from pool to pool, each pool once.
class cycle_search {
public:
  cycle_search(const node_config& cfg, problems& out) : cfg_(cfg), out_(out) {}

  void visit(const model_config& x) {
    if (auto at = std::find(way_.begin(), way_.end(), x.name); at != way_.end()) return report(at);
    if (std::find(done_.begin(), done_.end(), x.name) != done_.end()) return;
    way_.push_back(x.name);
    for (auto& step : x.fallback)
      if (auto* next = step.canned ? nullptr : find(cfg_.models, step.value)) visit(*next);
    way_.pop_back();
    done_.push_back(x.name);
  }

private:
  void report(std::vector<std::string>::iterator at) {
    std::string circle;
    for (auto i = at; i != way_.end(); ++i) circle += *i + " -> ";
    out_.add("models." + *at + ".fallback", "goes in a circle: " + circle + *at);
  }

  const node_config& cfg_;
  problems& out_;
  std::vector<std::string> way_, done_;
};

void check_emit(const agent_config& x, problems& out) {
  auto path = "agents." + x.name + ".emit";
  if (x.prompt.emit.empty()) {
    if (!x.prompt.on.empty()) out.add(path, "needed with on");
    return;
  }
  auto highest = highest_placeholder(x.prompt.emit);
  for (auto& pattern : x.prompt.on)
    if (count_wildcards(pattern) < highest)
      out.add(path, "{" + std::to_string(highest) + "} has no wildcard in the pattern " + in_quotes(pattern));
}

bool has(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// What a tool calls has to be there wherever the agent runs that calls it.
void check_tools(const agent_config& x, const node_config& cfg, problems& out) {
  for (std::size_t i = 0; i < x.prompt.tools.size(); ++i) {
    auto& target = x.prompt.tools[i].agent;
    auto path = "agents." + x.name + ".tools[" + std::to_string(i) + "].agent";
    if (target == x.name) out.add(path, "must be another agent");
    if (find(cfg.agents, target) == nullptr && cfg.workflows.count(target) == 0)
      out.add(path, "no agent or workflow " + in_quotes(target));
    for (auto& [name, section] : cfg.namespaces)
      if (has(section.agents, x.name) && !has(section.agents, target) && !has(section.workflows, target))
        out.add(path, in_quotes(target) + " does not run in namespaces." + name);
  }
}

void check_agent(const agent_config& x, const node_config& cfg, const agent_registry& kinds, bool all_kinds,
                 problems& out) {
  auto path = "agents." + x.name;
  if (x.is_external()) return;
  if (!kinds.knows(x.kind) && all_kinds)
    return out.add(path + ".kind", "no kind of agent " + in_quotes(x.kind));
  if (x.kind != "prompt") return;
  if (find(cfg.models, x.prompt.model) == nullptr)
    out.add(path + ".model", "no model " + in_quotes(x.prompt.model));
  check_emit(x, out);
  check_tools(x, cfg, out);
}

void check_ports(const node_config& cfg, problems& out) {
  if (cfg.admin.port != 0 && cfg.admin.port == cfg.listen.port && cfg.admin.address == cfg.listen.address)
    out.add("admin.port", std::to_string(cfg.admin.port) + " is listen.port too");
}

void check_store(const store_section& x, problems& out) {
  if (x.kind == "redis" && x.url.empty()) out.add("store.url", "needed with the kind redis");
}

/// What is in memory is the end of what is in the store.
void check_log(const limits& x, const std::string& path, problems& out) {
  if (x.kept_events < x.log_events)
    out.add(path + ".kept_events",
            std::to_string(x.kept_events) + " is less than log_events, " + std::to_string(x.log_events));
}

void check_durability(const std::string& path, const namespace_section& x, const node_config& cfg,
                      problems& out) {
  if (cfg.store.kind == "memory" && x.durability == "power")
    out.add(path + ".durability", in_quotes(x.durability) + ": not with store.kind memory");
}

void check_workflows(const std::string& path, const namespace_section& x, const node_config& cfg,
                     problems& out) {
  for (std::size_t i = 0; i < x.workflows.size(); ++i) {
    auto& name = x.workflows[i];
    auto at = path + ".workflows[" + std::to_string(i) + "]";
    auto found = cfg.workflows.find(name);
    if (found == cfg.workflows.end()) {
      out.add(at, "no workflow " + in_quotes(name));
      continue;
    }
    if (has(x.agents, name)) out.add(at, in_quotes(name) + " is an agent's name too");
    if (has({x.workflows.begin(), x.workflows.begin() + static_cast<std::ptrdiff_t>(i)}, name))
      out.add(at, in_quotes(name) + " is named twice");
    for (auto& agent : targets_of(found->second))
      if (!has(x.agents, agent))
        out.add(at, name + " calls the agent " + in_quotes(agent) + ", which the namespace does not run");
    for (auto& pattern : patterns_of(found->second))
      if (pattern == ">" || is_server_type(pattern))
        out.add(at, name + " awaits " + in_quotes(pattern) + ": the server's own events cannot be awaited");
  }
}

void check_namespace(const std::string& name, const namespace_section& x, const node_config& cfg,
                     problems& out) {
  check_durability("namespaces." + name, x, cfg, out);
  check_workflows("namespaces." + name, x, cfg, out);
  auto& node = cfg.bounds;
  if (x.bounds.kept_events != node.kept_events || x.bounds.log_events != node.log_events)
    check_log(x.bounds, "namespaces." + name + ".limits", out);
  for (std::size_t i = 0; i < x.agents.size(); ++i) {
    auto path = "namespaces." + name + ".agents[" + std::to_string(i) + "]";
    if (find(cfg.agents, x.agents[i]) == nullptr) out.add(path, "no agent " + in_quotes(x.agents[i]));
    if (std::find(x.agents.begin(), x.agents.begin() + static_cast<std::ptrdiff_t>(i), x.agents[i])
        != x.agents.begin() + static_cast<std::ptrdiff_t>(i))
      out.add(path, in_quotes(x.agents[i]) + " is named twice");
  }
}

} // namespace

void check_across(const node_config& cfg, const agent_registry& kinds, bool all_kinds, problems& out) {
  check_roles(cfg, out);
  check_cluster(cfg, out);
  check_ports(cfg, out);
  check_store(cfg.store, out);
  check_log(cfg.bounds, "limits", out);
  for (auto& x : cfg.namespaces) check_namespace(x.first, x.second, cfg, out);
  for (auto& x : cfg.models) check_model(x, cfg, out);
  cycle_search cycles{cfg, out};
  for (auto& x : cfg.models) cycles.visit(x);
  for (auto& x : cfg.agents) check_agent(x, cfg, kinds, all_kinds, out);
}

} // namespace weir
