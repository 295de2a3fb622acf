#include "apps/weir/commands/node.hpp"

#include "apps/weir/app.hpp"
#include "apps/weir/config/load.hpp"
#include "apps/weir/logging.hpp"
#include "apps/weir/node.hpp"

#include <iostream>

namespace weir {

namespace {

/// Loads, or prints what is wrong.
bool load_or_say(const config_options& options, node_config& out) {
  auto loaded = load_config(options.file, options.sets, *options.agents);
  if (auto* wrong = std::get_if<config_errors>(&loaded)) {
    for (auto& line : wrong->lines) std::cerr << line << '\n';
    return false;
  }
  out = std::get<node_config>(std::move(loaded));
  return true;
}

} // namespace

int node_command(const config_options& options) {
  node_config cfg;
  if (!load_or_say(options, cfg)) return exit_usage;
  if (auto why = check_exposure(cfg); !why.empty() && !options.insecure) {
    std::cerr << why << '\n';
    return exit_usage;
  }
  set_up_logging(cfg.log);
  return run_node(cfg, options.agents);
}

int config_command(const config_options& options) {
  if (options.keys) {
    std::cout << describe_config();
    return exit_done;
  }
  node_config cfg;
  if (!load_or_say(options, cfg)) return exit_usage;
  std::cout << print_config(cfg) << '\n';
  // Not an error here: `weir node --insecure` takes it.
  if (auto why = check_exposure(cfg); !why.empty()) std::cerr << "note: " << why << '\n';
  return exit_done;
}

} // namespace weir
