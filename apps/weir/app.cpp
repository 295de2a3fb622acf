#include "apps/weir/app.hpp"

#include "apps/weir/commands/admin.hpp"
#include "apps/weir/commands/node.hpp"
#include "apps/weir/commands/protocol.hpp"
#include "apps/weir/commands/token.hpp"
#include "apps/weir/commands/verify.hpp"
#include "apps/weir/config/rules.hpp"
#include "weir/version.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iostream>
#include <limits>

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
  config->callback(
      [&] { chosen = [&options] { return guarded([&options] { return config_command(options); }); }; });
}

void add_verify(CLI::App& app, config_options& options, std::string& where, command& chosen) {
  auto* verify = app.add_subcommand("verify", "Look at a store from outside, and say what is wrong with it");
  add_config_options(*verify, options);
  verify->add_option("STORE", where,
                     "its file, its folder or its Redis URL; the configured one if not given");
  verify->callback([&] { chosen = [&options, &where] { return verify_command(options, where); }; });
}

void add_token(CLI::App& app, config_options& options, token_arguments& asked, command& chosen) {
  auto* token = app.add_subcommand("token", "Print a token that lets a client in");
  add_config_options(*token, options);
  token->add_option("--sub", asked.client_id, "the client_id")->required();
  token->add_option("--ns", asked.namespaces,
                    "a namespace, or `*`; again for more; the default one if not given");
  token->add_option("--rights", asked.rights_file, "JSON of the rights; auth.default_rights if not given");
  token->add_option("--ttl", asked.ttl_s, "seconds that it lives")
      ->check(CLI::Range(1, 31'536'000))
      ->capture_default_str();
  token->callback([&] { chosen = [&options, &asked] { return token_command(options, asked); }; });
}

/// What the client commands are given.
struct client_arguments {
  client_options at;
  publish_arguments publish;
  tail_arguments tail;
  call_arguments call;
  watch_arguments watch;
  std::string agent = "assistant";
};

constexpr std::int64_t day_ms = 86'400'000;

/// A whole number from `min` on.
CLI::Range at_least(std::int64_t min, std::int64_t max = std::numeric_limits<std::int64_t>::max()) {
  return CLI::Range(min, max);
}

/// A namespace's name: what a node would refuse is wrong use, and never part of a request.
std::string check_namespace(const std::string& text) {
  return text == "*" ? "must be one namespace" : check_namespace_name(text);
}

CLI::App* add_client_command(CLI::App& app, const char* name, const char* what, client_arguments& given) {
  auto* out = app.add_subcommand(name, what);
  out->add_option("--url", given.at.url, "the node")->capture_default_str();
  out->add_option("--namespace", given.at.ns, "the namespace")->check(check_namespace)->capture_default_str();
  out->add_option("--client", given.at.client_id, "who speaks; a random name if not given");
  out->add_option("--node-timeout-ms", given.at.node_timeout_ms,
                  "give the node up when it has said nothing for so long, not even to a ping")
      ->check(at_least(1, day_ms))
      ->capture_default_str();
  return out;
}

/// Runs it once the whole command line has been understood.
void on_chosen(CLI::App& sub, command& chosen, command run) {
  sub.callback([&chosen, run] { chosen = [run] { return guarded(run); }; });
}

void add_chat(CLI::App& app, client_arguments& x, command& chosen) {
  auto* chat = add_client_command(app, "chat", "Talk to an agent", x);
  chat->add_option("--agent", x.agent, "whom to talk to")->capture_default_str();
  on_chosen(*chat, chosen, [&x] { return chat_command(x.at, x.agent); });
}

void add_publish(CLI::App& app, client_arguments& x, command& chosen) {
  auto* publish = add_client_command(app, "publish", "Publish an event", x);
  auto& what = x.publish;
  publish->add_option("TYPE", what.type, "the event's type")->required();
  publish->add_option("DATA", what.data, "JSON, or a text")->required();
  publish->add_option("--to", what.to, "the one client that gets it");
  publish->add_flag("--ephemeral", what.ephemeral, "it is not kept");
  publish->add_option("--prev", what.prev_event_id, "the event_id that must be delivered before it");
  publish->add_option("--timeout-ms", what.timeout_ms, "how long to wait for the answer")
      ->check(at_least(1, day_ms))
      ->capture_default_str();
  on_chosen(*publish, chosen, [&x] { return publish_command(x.at, x.publish); });
}

void add_tail(CLI::App& app, client_arguments& x, command& chosen) {
  auto* tail = add_client_command(app, "tail", "Print the events that match, until ctrl-c", x);
  auto& what = x.tail;
  tail->add_option("PATTERN", what.pattern, "such as chat.*.message or >")->required();
  tail->add_option("--from", what.from, "the seq to begin with; what is new if not given")
      ->check(at_least(1));
  tail->add_option("--count", what.count, "end after so many events")->check(at_least(1));
  tail->add_option("--timeout-ms", what.timeout_ms, "end after this time; with 1 if --count is not reached")
      ->check(at_least(1, day_ms));
  on_chosen(*tail, chosen, [&x] { return tail_command(x.at, x.tail); });
}

void add_call(CLI::App& app, client_arguments& x, command& chosen) {
  auto* call = add_client_command(app, "call", "Call an agent and print the result", x);
  auto& what = x.call;
  call->add_option("TARGET", what.target, "the agent's name")->required();
  call->add_option("INPUT", what.input, "JSON, or a text")->required();
  call->add_flag("--stream", what.stream, "print the deltas too");
  call->add_option("--timeout-ms", what.timeout_ms, "of the run; the agent's own if not given")
      ->check(at_least(1, day_ms));
  call->add_option("--thread", what.thread, "the conversation that it belongs to");
  call->add_option("--on-busy", what.on_busy, "what to do while the thread has a run in flight")
      ->check(CLI::IsMember({"concurrent", "queue", "replace", "reject"}));
  call->add_option("--on-disconnect", what.on_disconnect, "what becomes of the run when this command ends")
      ->check(CLI::IsMember({"continue", "cancel"}));
  on_chosen(*call, chosen, [&x] { return call_command(x.at, x.call); });
}

void add_watch(CLI::App& app, client_arguments& x, command& chosen) {
  auto* watch = add_client_command(app, "watch", "Print what a run says, and its result", x);
  watch->add_option("RUN_ID", x.watch.run_id, "the call's event_id: CLIENT/MESSAGE_ID")->required();
  watch->add_option("--at", x.watch.at, "the text from this code point on")->capture_default_str();
  on_chosen(*watch, chosen, [&x] { return watch_command(x.at, x.watch); });
}

void add_client(CLI::App& app, client_arguments& given, command& chosen) {
  add_chat(app, given, chosen);
  add_publish(app, given, chosen);
  add_tail(app, given, chosen);
  add_call(app, given, chosen);
  add_watch(app, given, chosen);
}

/// What the operators' commands are given.
struct admin_arguments {
  admin_options at;
  std::string ns = "demo";
  std::uint32_t limit = 100;
  std::string retry;
  std::string node;
  std::string agents_ns;
  std::string agent;
  std::string file;
};

constexpr std::int64_t backup_timeout_ms = 3'600'000; // at least

CLI::App* add_admin_command(CLI::App& app, const char* name, const char* what, admin_arguments& given) {
  auto* out = app.add_subcommand(name, what);
  out->add_option("--url", given.at.url, "the node's admin address")->capture_default_str();
  out->add_option(
         "--token-env", given.at.token_env,
         "the variable that holds its token; the one that a node on this machine made is found without")
      ->capture_default_str();
  out->add_option("--token-file", given.at.token_file, "the file that holds it");
  out->add_option("--timeout-ms", given.at.timeout_ms, "how long to wait")
      ->check(at_least(1, day_ms))
      ->capture_default_str();
  return out;
}

void add_agents(CLI::App& app, admin_arguments& x, command& chosen) {
  auto* agents = add_admin_command(
      app, "agents", "List the agents: their state, why they failed, what they have in hand", x);
  agents->add_option("--namespace", x.agents_ns, "the namespace; all that are open if not given");
  auto* restart = agents->add_subcommand("restart", "Start an agent anew, also one that has failed");
  restart->fallthrough();
  restart->add_option("NAME", x.agent, "the agent's name")->required();
  on_chosen(*agents, chosen, [&x, restart] {
    return restart->parsed() ? restart_agent_command(x.at, x.agents_ns, x.agent)
                             : agents_command(x.at, x.agents_ns);
  });
}

void add_admin(CLI::App& app, admin_arguments& x, command& chosen) {
  auto* list = add_admin_command(app, "namespaces", "List the namespaces that are open on a node", x);
  on_chosen(*list, chosen, [&x] { return namespaces_command(x.at); });
  add_agents(app, x, chosen);
  auto* one = app.add_subcommand("namespace", "List, export or delete namespaces");
  one->require_subcommand(1);
  auto* same = add_admin_command(*one, "list", "List the namespaces that are open on a node", x);
  on_chosen(*same, chosen, [&x] { return namespaces_command(x.at); });
  auto* all = add_admin_command(*one, "export", "Print all events that are kept of a namespace", x);
  all->add_option("NAMESPACE", x.ns, "its name")->required();
  on_chosen(*all, chosen, [&x] { return namespace_export_command(x.at, x.ns); });
  auto* gone = add_admin_command(*one, "delete", "Delete a namespace, with all that is kept of it", x);
  gone->add_option("NAMESPACE", x.ns, "its name")->required();
  on_chosen(*gone, chosen, [&x] { return namespace_delete_command(x.at, x.ns); });

  auto* backup = add_admin_command(app, "backup", "Copy a node's store file while it runs", x);
  backup->add_option("FILE", x.file, "where the copy goes; on the node's machine")->required();
  on_chosen(*backup, chosen, [&x] {
    auto at = x.at;
    at.timeout_ms = std::max<std::int64_t>(at.timeout_ms, backup_timeout_ms);
    return backup_command(at, x.file);
  });
  auto* nodes = add_admin_command(app, "nodes", "List the nodes of the cluster", x);
  on_chosen(*nodes, chosen, [&x] { return nodes_command(x.at); });
  auto* dead =
      add_admin_command(app, "dead", "List what agents and queues could not handle, or try it again", x);
  dead->add_option("--namespace", x.ns, "the namespace")->check(check_namespace)->capture_default_str();
  dead->add_option("--limit", x.limit, "list so many")->check(at_least(1, 1000))->capture_default_str();
  dead->add_option("--retry", x.retry, "the event_id of one that is to be offered again");
  on_chosen(*dead, chosen, [&x] { return dead_command(x.at, x.ns, x.limit, x.retry); });

  auto* runs =
      add_admin_command(app, "runs", "List the runs in flight: where each one is, and since when", x);
  runs->add_option("--namespace", x.ns, "the namespace")->check(check_namespace)->capture_default_str();
  runs->add_option("--limit", x.limit, "list so many")->check(at_least(1, 1000))->capture_default_str();
  on_chosen(*runs, chosen, [&x] { return runs_command(x.at, x.ns, x.limit); });

  auto* reload =
      add_admin_command(app, "reload", "Let a node load its configuration again, as SIGHUP does", x);
  on_chosen(*reload, chosen, [&x] { return reload_command(x.at); });

  auto* drain =
      add_admin_command(app, "drain", "Let a node's clients move to others, and end it, as SIGTERM does", x);
  drain->add_option("NODE", x.node, "its name, to be sure; whichever is asked if not given");
  on_chosen(*drain, chosen, [&x] { return drain_command(x.at, x.node); });
}

/// Commands of later versions: known, and refused whatever follows them.
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
  admin_arguments admin;
  std::string store;
  token_arguments token;
  command chosen;
  add_node(app, config, chosen);
  add_verify(app, config, store, chosen);
  add_token(app, config, token, chosen);
  add_client(app, client, chosen);
  add_admin(app, admin, chosen);
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
