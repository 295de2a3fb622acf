#include "apps/weir/commands/token.hpp"

#include "actors/auth/access_token.hpp"
#include "actors/auth/jws.hpp"
#include "actors/core/client_id.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/random_id.hpp"
#include "actors/core/wall_clock.hpp"
#include "apps/weir/app.hpp"
#include "apps/weir/config/auth_setup.hpp"
#include "apps/weir/config/load.hpp"

#include <fstream>
#include <iostream>
#include <iterator>
#include <variant>

namespace weir {

namespace {

using nlohmann::json;

int refuse(const std::string& wrong) {
  std::cerr << "weir token: " << wrong << '\n';
  return exit_usage;
}

/// The claims, or what is wrong with what was asked for.
std::variant<json, std::string> make_claims(const node_config& cfg, const token_arguments& asked) {
  if (auto wrong = check_client_id(asked.client_id); !wrong.empty()) return "--sub " + wrong;
  if (is_server_client(asked.client_id) || is_anonymous_client(asked.client_id))
    return std::string{"--sub is one of the server's own names"};
  if (asked.ttl_s > cfg.auth.max_ttl_s)
    return "--ttl must be at most auth.max_ttl_s, " + std::to_string(cfg.auth.max_ttl_s);
  auto now_s = wall_clock_ms() / 1000;
  json out{{"sub", asked.client_id}, {"iat", now_s}, {"exp", now_s + asked.ttl_s}, {"jti", random_id()}};
  if (asked.namespaces.size() == 1) out["ns"] = asked.namespaces.front();
  if (asked.namespaces.size() > 1) out["ns"] = asked.namespaces;
  if (!cfg.auth.issuer.empty()) out["iss"] = cfg.auth.issuer;
  if (!cfg.auth.audience.empty()) out["aud"] = cfg.auth.audience;
  if (asked.rights_file.empty()) return out;
  std::ifstream file{asked.rights_file};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  if (!file && text.empty()) return "--rights: cannot read " + asked.rights_file;
  auto read = auth::parse_rights(text, asked.client_id);
  if (auto* wrong = std::get_if<std::string>(&read)) return "--rights: " + *wrong;
  out["weir"] = json::parse(text, nullptr, false);
  return out;
}

const auth_key* find_secret(const auth_section& section) {
  for (const auto& key : section.keys)
    if (!key.secret_env.empty() || !key.secret_file.empty()) return &key;
  return nullptr;
}

} // namespace

int token_command(const config_options& options, const token_arguments& asked) {
  auto any_kind = [&](const node_config&) { return known_kinds{*options.agents, false}; };
  auto loaded = load_config(options.file, options.sets, any_kind);
  if (auto* wrong = std::get_if<config_errors>(&loaded)) {
    for (auto& line : wrong->lines) std::cerr << line << '\n';
    return exit_usage;
  }
  auto& cfg = std::get<node_config>(loaded);
  const auto* key = find_secret(cfg.auth);
  if (key == nullptr)
    return refuse("auth.keys has no shared secret: a token of another key is its issuer's to make");
  auto secret = read_key_secret(*key);
  if (auto* wrong = std::get_if<no_secret>(&secret)) return refuse("auth.keys: " + wrong->why);
  auto usable =
      auth::verification_key::from_secret(std::get<std::string>(secret), *auth::parse_algorithm(key->alg));
  if (auto* wrong = std::get_if<std::string>(&usable)) return refuse("auth.keys: " + *wrong);
  auto claims = make_claims(cfg, asked);
  if (auto* wrong = std::get_if<std::string>(&claims)) return refuse(*wrong);
  std::cout << auth::sign_jws(print_json(std::get<json>(claims)), *auth::parse_algorithm(key->alg),
                              std::get<std::string>(secret), key->kid)
            << '\n';
  return exit_done;
}

} // namespace weir
