#include "apps/weir/app.hpp"

#include "apps/weir/commands/node.hpp"
#include "apps/weir/commands/protocol.hpp"

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

/// What the client commands are given.
struct client_arguments {
  client_options at;
  std::string first, second; ///< TYPE and DATA, or what else the command takes.
  std::string agent = "assistant";
  bool stream = false;
};

CLI::App* add_client_command(CLI::App& app, const char* name, const char* what, client_arguments& given) {
  auto* out = app.add_subcommand(name, what);
  out->add_option("--url", given.at.url, "the node")->capture_default_str();
  out->add_option("--namespace", given.at.ns, "the namespace")->capture_default_str();
  out->add_option("--client", given.at.client_id, "who speaks; a random name if not given");
  return out;
}

/// Runs it once the whole command line has been understood.
void on_chosen(CLI::App& sub, command& chosen, command run) {
  sub.callback([&chosen, run] { chosen = [run] { return guarded(run); }; });
}

void add_client(CLI::App& app, client_arguments& given, command& chosen) {
  auto& x = given;
  auto* chat = add_client_command(app, "chat", "Talk to an agent", x);
  chat->add_option("--agent", x.agent, "whom to talk to")->capture_default_str();
  on_chosen(*chat, chosen, [&x] { return chat_command(x.at, x.agent); });
  auto* publish = add_client_command(app, "publish", "Publish an event", x);
  publish->add_option("TYPE", x.first, "the event's type")->required();
  publish->add_option("DATA", x.second, "JSON, or a text")->required();
  on_chosen(*publish, chosen, [&x] { return publish_command(x.at, x.first, x.second); });
  auto* tail = add_client_command(app, "tail", "Print the events that match, until ctrl-c", x);
  tail->add_option("PATTERN", x.first, "such as chat.*.message or >")->required();
  on_chosen(*tail, chosen, [&x] { return tail_command(x.at, x.first); });
  auto* call = add_client_command(app, "call", "Call an agent and print the result", x);
  call->add_option("TARGET", x.first, "the agent's name")->required();
  call->add_option("INPUT", x.second, "JSON, or a text")->required();
  call->add_flag("--stream", x.stream, "print the deltas too");
  on_chosen(*call, chosen, [&x] { return call_command(x.at, x.first, x.second, x.stream); });
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
  client_arguments client;
  command chosen;
  add_node(app, config, chosen);
  add_client(app, client, chosen);
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
