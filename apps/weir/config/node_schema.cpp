#include "apps/weir/config/node_schema.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/url.hpp"
#include "actors/store/redis/redis_url.hpp"
#include "apps/weir/config/auth_schema.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"
#include "apps/weir/config/tls_schema.hpp"

namespace weir {

namespace {

using schema::choice;
using schema::flag;
using schema::integer;
using schema::json;
using schema::later;
using schema::member;
using schema::object;
using schema::property;
using schema::text;

schema::type_ptr<std::string> variable() { return text("a variable's name", check_variable_name); }

/// A secret's keys `NAME_env` and `NAME_file`.
template <class T>
schema::field<T> env_key(std::string key, secret_source T::*target, std::string meaning) {
  return property<T, std::string>(
      std::move(key), variable(), std::move(meaning), [target](const T& x) { return (x.*target).env; },
      [target](T& x, std::string value) { (x.*target).env = std::move(value); });
}

template <class T>
schema::field<T> file_key(std::string key, secret_source T::*target, std::string meaning) {
  return property<T, std::string>(
      std::move(key), text("a file"), std::move(meaning), [target](const T& x) { return (x.*target).file; },
      [target](T& x, std::string value) { (x.*target).file = std::move(value); });
}

schema::type_ptr<node_section> node_section_schema() {
  using x = node_section;
  return object<x>({
      member("name", &x::name, text("1 to 64 of A-Z a-z 0-9 _ -", check_node_name),
             "what clients and logs call it"),
      member("roles", &x::roles, schema::texts("gateway, host, models"),
             "what it does: any of the three; fewer than all only in a cluster"),
      member("io_threads", &x::io_threads, integer<std::uint32_t>(0, 256),
             "threads for sockets; 0: one per core"),
      member("data_dir", &x::data_dir, text("not empty", check_not_empty),
             "the folder of what survives the node; made where it is missing"),
      member("drain_ms", &x::drain_ms, integer<std::uint64_t>(0, 3'600'000),
             "how long a node that was told to stop waits for its clients to move; then they are closed"),
      member("drain_spread_ms", &x::drain_spread_ms, integer<std::uint64_t>(0, 3'600'000),
             "the window over which they are told to move; not longer than `drain_ms`"),
      member("handler_warn_ms", &x::handler_warn_ms, integer<std::uint64_t>(10, 3'600'000),
             "an agent's handler that has not returned for so long is named in the log and counted"),
      member("blocking_threads", &x::blocking_threads, integer<std::uint32_t>(1, 4096),
             "at most so many threads for all agents that block; their handlers wait for one"),
      member("memory_bytes", &x::memory_bytes, integer<std::uint64_t>(0, 1LL << 50),
             "half of it is for what namespaces hold; who has more than its share then gives back, or "
             "is refused. 0: three quarters of what the cgroup or the machine has"),
      member("disk_bytes", &x::disk_bytes, integer<std::uint64_t>(0, 1LL << 60),
             "what the logs of all namespaces may take together in the store; above it who has more than its "
             "share is told `429 store_full`. 0: three quarters of the file system of `data_dir`"),
  });
}

schema::type_ptr<listen_section> listen_schema() {
  using x = listen_section;
  return object<x>({
      member("address", &x::address, text("an IP address", check_ip_address),
             "where clients connect; anything but loopback needs `--insecure` while `auth.mode` is none"),
      member("port", &x::port, integer<std::uint16_t>(0, 65'535), "0: a free one"),
      member("origins", &x::origins, schema::texts("`https://app.example.com`, or `*`", check_origin),
             "the sites whose pages may come in by a browser; none: only the node's own address. Others get "
             "`403`"),
      member("hosts", &x::hosts, schema::texts("names, with or without a port", check_host_name),
             "under which the node is reached; none: any, but on a loopback address only `localhost` and IP "
             "addresses. Others get `421`"),
      member("metrics", &x::metrics, flag(),
             "whether `/metrics` is here as well, and not only at the admin address"),
      member("default_namespace", &x::default_namespace,
             text("a namespace's name, or empty",
                  [](std::string_view name) {
                    return name.empty() || name == "*" ? std::string{} : check_namespace_name(name);
                  }),
             "of clients and tokens that name none; empty: there is none"),
      member("tls", &x::tls, tls_schema(), ""),
  });
}

schema::type_ptr<admin_section> admin_schema() {
  using x = admin_section;
  return object<x>({
      member("address", &x::address, text("an IP address", check_ip_address),
             "where the admin calls are; anything but loopback needs `--insecure` while there is no token"),
      member("port", &x::port, integer<std::uint16_t>(0, 65'535), "0: a free one"),
      env_key("token_env", &x::token,
              "the environment variable that holds the token of the admin calls; not set: `admin.token` in "
              "`node.data_dir`, made once, which only calls that change something need"),
      file_key("token_file", &x::token, "the file that holds it; wins over `token_env`"),
      member("origins", &x::origins, schema::texts("`https://app.example.com`, or `*`", check_origin),
             "as `listen.origins`, for the admin address"),
      member("tls", &x::tls, tls_schema(), ""),
  });
}

schema::type_ptr<metrics_section> metrics_schema() {
  using x = metrics_section;
  return object<x>({
      member("namespace_histograms", &x::namespace_histograms, flag(),
             "whether each namespace has histograms of its own; else they are told together, as `all`"),
  });
}

/// A list of `{"secret_env": …}` and `{"secret_file": …}`.
class secrets_type : public schema::type<std::vector<secret_source>> {
public:
  void read(const json& from, std::vector<secret_source>& to, const std::string& path,
            schema::problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + schema::type_of(from));
    if (from.size() > max_secrets) return out.add(path, "must have at most 8 entries");
    to.clear();
    for (std::size_t i = 0; i < from.size(); ++i)
      read_one(from[i], to, path + '[' + std::to_string(i) + ']', out);
  }

  json print(const std::vector<secret_source>& what) const override {
    auto out = json::array();
    for (auto& x : what)
      out.push_back(x.file.empty() ? json{{"secret_env", x.env}} : json{{"secret_file", x.file}});
    return out;
  }

  void describe(const std::string& path, const std::vector<secret_source>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "list of objects", "[]",
                   "at most 8 of `{\"secret_env\": …}`, `{\"secret_file\": …}`", meaning});
  }

private:
  static constexpr std::size_t max_secrets = 8;

  static void read_one(const json& from, std::vector<secret_source>& to, const std::string& path,
                       schema::problems& out) {
    constexpr auto form = "must be {\"secret_env\": \"…\"} or {\"secret_file\": \"…\"}";
    if (!from.is_object() || from.size() != 1 || !from.begin()->is_string()) return out.add(path, form);
    auto key = from.begin().key();
    auto value = from.begin()->get<std::string>();
    if (key != "secret_env" && key != "secret_file") return out.add(path, form);
    auto wrong = key == "secret_env" ? check_variable_name(value) : check_not_empty(value);
    if (!wrong.empty()) return out.add(path + '.' + key, wrong);
    to.push_back(key == "secret_env" ? secret_source{std::move(value), {}}
                                     : secret_source{{}, std::move(value)});
  }
};

/// `ttl_ms` is another name for the node's `limits.session_ttl_ms`. The limits are read later, so theirs
/// wins where both are given.
schema::type_ptr<node_config> session_schema() {
  using x = node_config;
  return object<x>({
      property<x, std::string>(
          "secret_env", variable(),
          "the environment variable that holds the secret; not set: `session.secret` in `node.data_dir`, "
          "made once",
          [](const x& from) { return from.session.secret.env; },
          [](x& to, std::string value) { to.session.secret.env = std::move(value); }),
      property<x, std::string>(
          "secret_file", text("a file"), "the file that holds it; wins over `secret_env`",
          [](const x& from) { return from.session.secret.file; },
          [](x& to, std::string value) { to.session.secret.file = std::move(value); }),
      property<x, std::vector<secret_source>>(
          "secrets", schema::type_ptr<std::vector<secret_source>>{std::make_shared<secrets_type>()},
          "instead of one secret: the newest, which signs, then older ones, which still verify",
          [](const x& from) { return from.session.secrets; },
          [](x& to, std::vector<secret_source> value) { to.session.secrets = std::move(value); }),
      property<x, std::uint64_t>(
          "ttl_ms", integer<std::uint64_t>(1000, 86'400'000),
          "how long a session without a socket is kept; `limits.session_ttl_ms` wins where both are given",
          [](const x& from) { return from.bounds.session_ttl_ms; },
          [](x& to, std::uint64_t value) {
            to.bounds.session_ttl_ms = value;
            for (auto& entry : to.namespaces) entry.second.bounds.session_ttl_ms = value;
          }),
  });
}

schema::field<node_config> session_field() {
  return property<node_config, node_config>(
      "session", session_schema(), "", [](const node_config& x) { return x; },
      [](node_config& x, node_config value) { x = std::move(value); });
}

/// Where a store is. It may hold a password, so nothing that is printed repeats it.
class store_url_type : public schema::type<std::string> {
public:
  void read(const json& from, std::string& to, const std::string& path,
            schema::problems& out) const override {
    if (!from.is_string()) return out.add(path, "must be a text, is " + schema::type_of(from));
    auto got = parse_redis_url(from.get<std::string>());
    if (auto* wrong = std::get_if<std::string>(&got)) return out.add(path, *wrong);
    to = from.get<std::string>();
  }

  json print(const std::string& what) const override { return mask_url(what); }

  void describe(const std::string& path, const std::string& initial, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "text", print_json(json(initial)),
                   "`redis://[user[:password]@]host[:port][/database]`", meaning});
  }
};

schema::field<store_section> only_redis(schema::field<store_section> x) {
  return schema::only_if([](const store_section& y) { return y.kind == "redis"; }, "the kind redis",
                         std::move(x));
}

template <class M>
schema::field<store_section> of_redis(std::string key, M store_section::*target, schema::type_ptr<M> kind,
                                      std::string meaning) {
  return only_redis(member(std::move(key), target, std::move(kind), std::move(meaning)));
}

schema::type_ptr<store_section> store_schema() {
  using x = store_section;
  return object<x>({
      member("kind", &x::kind, choice({"sqlite", "memory", "redis"}),
             "where events are kept: a file in `node.data_dir`, nowhere but in the process, or a Redis or "
             "Valkey server"),
      of_redis("url", &x::url, schema::type_ptr<std::string>{std::make_shared<store_url_type>()},
               "with the kind redis, which needs it: where the server is; printed without its password"),
      only_redis(env_key(
          "password_env", &x::password,
          "with the kind redis: the environment variable that holds the password; not set: the URL's")),
      only_redis(file_key("password_file", &x::password,
                          "with the kind redis: the file that holds it; wins over `password_env`")),
      of_redis("timeout_ms", &x::timeout_ms, integer<std::uint64_t>(10, 60'000),
               "with the kind redis: how long one call of it may take"),
  });
}

schema::type_ptr<tls_files> cluster_tls_schema() {
  using x = tls_files;
  return object<x>({
      member("cert", &x::cert, text("a PEM file"),
             "this node's certificate, then those between it and `ca`; all three keys, or none: the nodes "
             "speak plain TCP"),
      member("key", &x::key, text("a PEM file"), "its key, without a passphrase"),
      member("ca", &x::ca, text("a PEM file"),
             "the authorities: who has a certificate that one of them has signed is taken for a node"),
  });
}

schema::type_ptr<cluster_section> cluster_schema() {
  using x = cluster_section;
  return object<x>({
      member("listen", &x::listen, text("an IP address and a port", check_listen_address),
             "where the other nodes connect, port 0: a free one; empty: the node is alone, or, with `seeds`, "
             "a free port on loopback. Anything but loopback needs `tls` or `--insecure`"),
      member("seeds", &x::seeds, schema::texts("host:port", check_seed_address),
             "other nodes, through which it finds the rest"),
      member("heartbeat_ms", &x::heartbeat_ms, integer<std::uint32_t>(50, 60'000),
             "how often nodes tell each other that they are there"),
      member("timeout_ms", &x::timeout_ms, integer<std::uint32_t>(200, 600'000),
             "a node that has said nothing for so long is taken for gone; at least twice `heartbeat_ms`"),
      member("tls", &x::tls, cluster_tls_schema(), ""),
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
  return property<node_config, limits>(
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
      member("admin", &x::admin, admin_schema(), ""),
      member("metrics", &x::metrics, metrics_schema(), ""),
      member("auth", &x::auth, auth_schema(), ""),
      session_field(),
      member("store", &x::store, store_schema(), ""),
      member("cluster", &x::cluster, cluster_schema(), ""),
      limits_field(),
      namespaces_field(),
      member("models", &x::models, schema::named(model_schema(), check_plain_name), ""),
      member("agents", &x::agents, schema::named(agent_schema(), check_plain_name), ""),
      workflows_field(),
      member("plugins", &x::plugins, schema::texts("shared objects", check_not_empty),
             "agents of authors'; paths from the folder of this file on"),
      member("log", &x::log, log_schema(), ""),
  });
}

} // namespace weir
