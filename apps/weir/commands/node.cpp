#include "apps/weir/commands/node.hpp"

#include "actors/agents/plugin_loader.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/config/load.hpp"
#include "apps/weir/config/start_checks.hpp"
#include "apps/weir/logging.hpp"
#include "apps/weir/node.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <iostream>

namespace weir {

namespace {

/// A configuration, with the agents of its plugins.
struct loaded_node {
  node_config config;
  std::shared_ptr<agent_registry> agents;
  plugin_report plugins;
};

std::string folder_of(const std::string& file) { return std::filesystem::path{file}.parent_path().string(); }

/// Loads, or prints what is wrong.
bool load_or_say(const config_options& options, loaded_node& out) {
  out.agents = std::make_shared<agent_registry>(*options.agents);
  auto kinds = [&](const node_config& cfg) {
    out.plugins = load_plugins(cfg.plugins, folder_of(options.file), *out.agents);
    return known_kinds{*out.agents, out.plugins.refused.empty()};
  };
  auto loaded = load_config(options.file, options.sets, kinds);
  if (auto* wrong = std::get_if<config_errors>(&loaded)) {
    for (auto& line : wrong->lines) std::cerr << line << '\n';
    for (auto& line : out.plugins.refused) std::cerr << line << '\n';
    return false;
  }
  out.config = std::get<node_config>(std::move(loaded));
  return true;
}

/// What goes on without its plugin.
std::vector<std::string> agents_without_kind(const loaded_node& x) {
  std::vector<std::string> out;
  for (auto& agent : x.config.agents)
    if (!agent.is_external() && !x.agents->knows(agent.kind))
      out.push_back("agents." + agent.name + " does not run: no kind of agent \"" + agent.kind + '"');
  return out;
}

/// For a node that runs: the plugins, and so the kinds, are those with which it started.
loaded_config load_again(const config_options& options, const agent_registry& kinds, bool complete) {
  auto out = load_config(options.file, options.sets, [&](auto&) { return known_kinds{kinds, complete}; });
  auto* cfg = std::get_if<node_config>(&out);
  if (cfg == nullptr) return out;
  auto wrong = check_start(*cfg);
  if (auto why = check_exposure(*cfg); !why.empty() && !options.insecure) wrong.push_back(std::move(why));
  return wrong.empty() ? std::move(out) : loaded_config{config_errors{std::move(wrong)}};
}

} // namespace

int node_command(const config_options& options) {
  loaded_node node;
  if (!load_or_say(options, node)) return exit_usage;
  auto& cfg = node.config;
  if (auto why = check_exposure(cfg); !why.empty() && !options.insecure) {
    std::cerr << why << '\n';
    return exit_usage;
  }
  if (auto wrong = check_start(cfg); !wrong.empty()) {
    for (auto& line : wrong) std::cerr << line << '\n';
    return exit_usage;
  }
  set_up_logging(cfg.log);
  for (auto& line : node.plugins.loaded) spdlog::info(line);
  for (auto& line : node.plugins.refused) spdlog::error(line);
  for (auto& line : agents_without_kind(node)) spdlog::error(line);
  return run_node(cfg, node.agents, [options, agents = node.agents, complete = node.plugins.refused.empty()] {
    return load_again(options, *agents, complete);
  });
}

int config_command(const config_options& options) {
  if (options.keys) {
    std::cout << describe_config();
    return exit_done;
  }
  loaded_node node;
  if (!load_or_say(options, node)) return exit_usage;
  auto& cfg = node.config;
  std::cout << print_config(cfg) << '\n';
  // Not an error here: `weir node --insecure` takes it.
  if (auto why = check_exposure(cfg); !why.empty()) std::cerr << "note: " << why << '\n';
  auto wrong = check_start(cfg);
  for (auto& line : wrong) std::cerr << line << '\n';
  // A node would go on without them, but whoever checks wants to know.
  for (auto& line : node.plugins.refused) std::cerr << line << '\n';
  for (auto& line : agents_without_kind(node)) std::cerr << line << '\n';
  return wrong.empty() && node.plugins.refused.empty() ? exit_done : exit_usage;
}

} // namespace weir
