#include "apps/weir/config/node_schema.hpp"

#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

namespace weir {

namespace {

using schema::choice;
using schema::integer;
using schema::json;
using schema::later;
using schema::member;
using schema::object;
using schema::text;

schema::type_ptr<node_section> node_section_schema() {
  using x = node_section;
  return object<x>({
      member("name", &x::name, text("1 to 64 of A-Z a-z 0-9 _ -", check_node_name),
             "what clients and logs call it"),
      member("roles", &x::roles, schema::texts("all of gateway, host, models"),
             "what it does; a node with only some of them is not in this version yet"),
      member("io_threads", &x::io_threads, integer<std::uint32_t>(0, 256),
             "threads for sockets; 0: one per core"),
      later<x>("data_dir", "where the node keeps what survives it", {"weir-data"}),
  });
}

schema::type_ptr<listen_section> listen_schema() {
  using x = listen_section;
  return object<x>({
      member("address", &x::address, text("an IP address", check_ip_address),
             "where clients connect; anything but loopback needs `--insecure` while `auth.mode` is none"),
      member("port", &x::port, integer<std::uint16_t>(0, 65'535), "0: a free one"),
      later<x>("tls", "certificate and key"),
  });
}

schema::type_ptr<auth_section> auth_schema() {
  using x = auth_section;
  return object<x>({
      member("mode", &x::mode, choice({"none"}, {"jwt"}), "how clients prove who they are"),
      later<x>("secret_env", "the environment variable that holds the secret", {"WEIR_JWT_SECRET"}),
      later<x>("public_key", "the key that signs tokens"),
  });
}

schema::type_ptr<session_section> session_schema() {
  using x = session_section;
  return object<x>({
      later<x>("secret_env", "the environment variable that holds the secret", {"WEIR_SESSION_SECRET"}),
      later<x>("ttl_ms", "how long a session without a socket is kept", {120'000}),
  });
}

schema::type_ptr<store_section> store_schema() {
  using x = store_section;
  return object<x>({
      member("kind", &x::kind, choice({"memory"}, {"sqlite", "redis"}), "where events are kept"),
      later<x>("url", "where the store is"),
  });
}

schema::type_ptr<log_section> log_schema() {
  using x = log_section;
  return object<x>({
      member("level", &x::level, choice({"trace", "debug", "info", "warn", "error", "off"}),
             "what is logged"),
      member("format", &x::format, choice({"text", "json"}), "lines on stderr"),
  });
}

/// The namespaces of the defaults follow the node's limits.
schema::field<node_config> limits_field() {
  return schema::property<node_config, limits>(
      "limits", limits_schema(false), "", [](const node_config& x) { return x.bounds; },
      [](node_config& x, limits value) {
        x.bounds = value;
        for (auto& entry : x.namespaces) entry.second.bounds = value;
      });
}

} // namespace

schema::type_ptr<node_config> node_schema() {
  using x = node_config;
  return object<x>({
      member("node", &x::node, node_section_schema(), ""),
      member("listen", &x::listen, listen_schema(), ""),
      later<x>("admin", "the admin calls' address, port and token"),
      member("auth", &x::auth, auth_schema(), ""),
      schema::unless_empty(member("session", &x::session, session_schema(), "")),
      member("store", &x::store, store_schema(), ""),
      later<x>("cluster", "other nodes"),
      limits_field(),
      namespaces_field(),
      member("models", &x::models, schema::named(model_schema(), check_plain_name), ""),
      member("agents", &x::agents, schema::named(agent_schema(), check_plain_name), ""),
      later<x>("workflows", "patterns of messages between agents", {json::object()}),
      later<x>("plugins", "shared objects with agents", {json::array()}),
      member("log", &x::log, log_schema(), ""),
  });
}

} // namespace weir
