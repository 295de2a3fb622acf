#include "apps/weir/app.hpp"

#include "apps/weir/commands/node.hpp"

#include <CLI/CLI.hpp>

#include <functional>
#include <iostream>

namespace weir {

namespace {

using command = std::function<int()>;

/// `--set` takes one value each time, so that what follows is not taken for another.
void add_config_options(CLI::App& to, config_options& options) {
  to.add_option("--config", options.file, "JSON file, comments allowed; none: the defaults");
  to.add_option("--set", options.sets, "path=value, over the file")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
}

void add_node(CLI::App& app, config_options& options, command& chosen) {
  auto* node = app.add_subcommand("node", "Run a node");
  add_config_options(*node, options);
  node->add_flag("--insecure", options.insecure, "listen on more than loopback without auth");
  node->callback([&] { chosen = [&options] { return node_command(options); }; });
  auto* config = app.add_subcommand("config", "Check a configuration and print what is in force");
  add_config_options(*config, options);
  config->add_flag("--keys", options.keys, "print the documentation's table of keys instead");
  config->callback([&] { chosen = [&options] { return config_command(options); }; });
}

/// Commands of later versions: known, and refused whatever follows them.
void add_later(CLI::App& app, command& chosen) {
  for (auto* name : {"token", "nodes", "namespaces", "runs", "dead", "drain"}) {
    auto* later = app.add_subcommand(name, "Not in this version yet");
    later->allow_extras();
    later->callback([&chosen, name] {
      chosen = [name] {
        std::cerr << "weir " << name << ": not in this version yet\n";
        return exit_refused;
      };
    });
  }
}

int wrong_use(CLI::App& app, const CLI::ParseError& error) {
  auto* at = &app;
  if (auto used = app.get_subcommands(); !used.empty()) at = used.front();
  std::cerr << "weir: " << error.what() << '\n' << at->help(at == &app ? "" : "weir") << std::flush;
  return exit_usage;
}

} // namespace

int run_app(int argc, char** argv, agent_registry agents) {
  CLI::App app{"Weir: realtime messages between clients, agents and models", "weir"};
  app.set_version_flag("--version", std::string{"weir "} + WEIR_VERSION);
  app.require_subcommand(1);
  config_options config;
  config.agents = std::make_shared<const agent_registry>(std::move(agents));
  command chosen;
  add_node(app, config, chosen);
  add_later(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& done) {
    return app.exit(done); // --help, --version
  } catch (const CLI::ParseError& error) {
    return wrong_use(app, error);
  }
  return chosen();
}

} // namespace weir
