#include "apps/weir/config/auth_setup.hpp"

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace weir {

namespace {

constexpr std::size_t max_key_file_bytes = 1024 * 1024;

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  std::string out{std::istreambuf_iterator<char>{file}, {}};
  if (file.bad() || out.size() > max_key_file_bytes) return std::nullopt;
  return out;
}

/// Editors and `echo` end a file with a newline that is not part of the secret.
std::string without_line_end(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

using added = std::string; // what is wrong, or an empty text

added add(auth::verification_key::result read, std::vector<auth::verification_key>& to) {
  if (auto* wrong = std::get_if<std::string>(&read)) return *wrong;
  to.push_back(std::get<auth::verification_key>(std::move(read)));
  return {};
}

added add_secret(const auth_key& key, std::vector<auth::verification_key>& to) {
  auto secret = read_key_secret(key);
  if (auto* wrong = std::get_if<no_secret>(&secret)) return wrong->why;
  return add(auth::verification_key::from_secret(std::get<std::string>(std::move(secret)),
                                                 *auth::parse_algorithm(key.alg), key.kid),
             to);
}

added add_public_key(const auth_key& key, std::vector<auth::verification_key>& to) {
  auto pem = read_file(key.public_key);
  if (!pem) return "public_key: " + key.public_key + " cannot be read";
  auto wrong = add(auth::verification_key::from_pem(*pem, *auth::parse_algorithm(key.alg), key.kid), to);
  return wrong.empty() ? wrong : "public_key: " + key.public_key + ": " + wrong;
}

added add_key_set(const auth_key& key, std::vector<auth::verification_key>& to) {
  auto text = read_file(key.jwks_file);
  if (!text) return "jwks_file: " + key.jwks_file + " cannot be read";
  auto read = auth::parse_key_set(*text);
  if (auto* wrong = std::get_if<std::string>(&read)) return "jwks_file: " + key.jwks_file + ' ' + *wrong;
  auto& set = std::get<auth::key_set>(read);
  if (set.keys.empty()) return "jwks_file: " + key.jwks_file + " has no key that can be used";
  for (auto& one : set.keys) to.push_back(std::move(one));
  return {};
}

added add_key(const auth_key& key, std::vector<auth::verification_key>& to) {
  if (!key.jwks_url.empty()) return {};
  if (!key.jwks_file.empty()) return add_key_set(key, to);
  return key.public_key.empty() ? add_secret(key, to) : add_public_key(key, to);
}

std::optional<std::string> unless_empty(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional{text};
}

} // namespace

std::variant<std::string, no_secret> read_key_secret(const auth_key& key) {
  if (!key.secret_env.empty()) {
    auto* value = std::getenv(key.secret_env.c_str());
    if (value == nullptr) return no_secret{"secret_env: " + key.secret_env + " is not set"};
    return std::string{value};
  }
  auto text = read_file(key.secret_file);
  if (!text) return no_secret{"secret_file: " + key.secret_file + " cannot be read"};
  return without_line_end(std::move(*text));
}

std::variant<authenticator::config, std::string> load_authentication(const node_config& cfg) {
  authenticator::config out;
  out.default_namespace = cfg.listen.default_namespace;
  if (cfg.auth.mode != "jwt") return out;
  out.mode = authenticator::mode::jwt;
  out.rules.issuer = cfg.auth.issuer;
  out.rules.audience = cfg.auth.audience;
  out.rules.leeway_s = cfg.auth.leeway_s;
  out.rules.max_ttl_s = cfg.auth.max_ttl_s;
  out.rules.default_rights_json = unless_empty(cfg.auth.default_rights);
  out.anonymous_rights_json = unless_empty(cfg.auth.anonymous);
  if (cfg.auth.keys.empty() && cfg.auth.anonymous.empty())
    return std::string{"auth.keys: is empty, and auth.mode is jwt"};
  for (std::size_t i = 0; i < cfg.auth.keys.size(); ++i)
    if (auto wrong = add_key(cfg.auth.keys[i], out.keys); !wrong.empty())
      return "auth.keys[" + std::to_string(i) + "]: " + wrong;
  return out;
}

std::vector<std::string> key_set_urls(const auth_section& section) {
  std::vector<std::string> out;
  for (auto& key : section.keys)
    if (!key.jwks_url.empty()) out.push_back(key.jwks_url);
  return out;
}

} // namespace weir
