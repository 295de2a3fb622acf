#include "apps/weir/config/auth_schema.hpp"

#include "actors/auth/jwk.hpp"
#include "actors/auth/rights.hpp"
#include "actors/core/json_print.hpp"
#include "apps/weir/config/rules.hpp"
#include "apps/weir/config/schema_types.hpp"

#include <array>
#include <optional>
#include <variant>

namespace weir {

namespace {

using schema::json;
using schema::problems;

constexpr std::array<std::pair<const char*, std::string auth_key::*>, 7> key_members{{
    {"secret_env", &auth_key::secret_env},
    {"secret_file", &auth_key::secret_file},
    {"public_key", &auth_key::public_key},
    {"jwks_file", &auth_key::jwks_file},
    {"jwks_url", &auth_key::jwks_url},
    {"alg", &auth_key::alg},
    {"kid", &auth_key::kid},
}};

constexpr std::size_t sources = 5; // of the members above

std::string check_jwks_url(std::string_view url) {
  if (url.substr(0, 8) == "https://" && url.size() > 8) return {};
  constexpr std::string_view plain = "http://";
  if (url.substr(0, plain.size()) == plain) {
    auto authority = url.substr(plain.size(), url.find('/', plain.size()) - plain.size());
    auto host = authority.substr(0, authority.rfind(':'));
    if (host == "localhost" || is_loopback(std::string{host})) return {};
  }
  return "must be https://…, or http:// on loopback";
}

/// What is wrong with a key as a whole, or an empty text.
std::string check_key(const auth_key& key) {
  std::size_t given = 0;
  for (std::size_t i = 0; i < sources; ++i) given += (key.*key_members[i].second).empty() ? 0 : 1;
  if (given != 1) return "needs one of secret_env, secret_file, public_key, jwks_file and jwks_url";
  if (!key.jwks_url.empty())
    if (auto wrong = check_jwks_url(key.jwks_url); !wrong.empty()) return "jwks_url " + wrong;
  if (!key.jwks_file.empty() || !key.jwks_url.empty())
    return key.alg.empty() && key.kid.empty() ? "" : "alg and kid are those of the key set";
  auto alg = auth::parse_algorithm(key.alg);
  auto shared = key.public_key.empty();
  if (alg && auth::is_symmetric(*alg) == shared) return {};
  return shared ? "alg must be HS256, HS384 or HS512"
                : "alg must be RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512 or EdDSA";
}

void read_key(const json& from, auth_key& to, const std::string& path, problems& out) {
  if (!from.is_object()) return out.add(path, "must be an object, is " + schema::type_of(from));
  for (auto& [name, value] : from.items()) {
    std::string auth_key::*member = nullptr;
    std::vector<std::string> known;
    for (auto& [key, target] : key_members) {
      known.emplace_back(key);
      if (name == key) member = target;
    }
    if (member == nullptr) return out.add(schema::join(path, name), unknown_key(name, known));
    if (!value.is_string() || value.get_ref<const std::string&>().empty())
      return out.add(schema::join(path, name), "must be a text that is not empty");
    to.*member = value.get<std::string>();
  }
  if (auto wrong = check_key(to); !wrong.empty()) out.add(path, wrong);
}

class keys_type : public schema::type<std::vector<auth_key>> {
public:
  void read(const json& from, std::vector<auth_key>& to, const std::string& path,
            problems& out) const override {
    if (!from.is_array()) return out.add(path, "must be a list, is " + schema::type_of(from));
    if (from.size() > max_auth_keys)
      return out.add(path, "has more than " + std::to_string(max_auth_keys) + " entries");
    to.assign(from.size(), {});
    for (std::size_t i = 0; i < from.size(); ++i)
      read_key(from[i], to[i], path + '[' + std::to_string(i) + ']', out);
  }

  json print(const std::vector<auth_key>& keys) const override {
    auto out = json::array();
    for (auto& key : keys) {
      auto entry = json::object();
      for (auto& [name, target] : key_members)
        if (!(key.*target).empty()) entry[name] = key.*target;
      out.push_back(std::move(entry));
    }
    return out;
  }

  void describe(const std::string& path, const std::vector<auth_key>&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back(
        {path, "list of objects", "[]",
         "`secret_env` or `secret_file` or `public_key` with `alg` and, if wanted, `kid`; `jwks_file`; "
         "`jwks_url`",
         meaning});
  }
};

/// Rights as an object; null: none are set.
class rights_type : public schema::type<std::string> {
public:
  void read(const json& from, std::string& to, const std::string& path, problems& out) const override {
    if (from.is_null()) return to.clear();
    auto text = print_json(from);
    auto read = auth::parse_rights(text, "client");
    if (auto* wrong = std::get_if<std::string>(&read)) return out.add(path, *wrong);
    to = std::move(text);
  }

  json print(const std::string& rights) const override {
    return rights.empty() ? json(nullptr) : json::parse(rights);
  }

  void describe(const std::string& path, const std::string&, const std::string& meaning,
                std::vector<schema::row>& out) const override {
    out.push_back({path, "object or null", "null", "rights", meaning});
  }
};

} // namespace

schema::type_ptr<auth_section> auth_schema() {
  using x = auth_section;
  using schema::choice;
  using schema::integer;
  using schema::member;
  using schema::text;
  auto rights = std::make_shared<rights_type>();
  return schema::object<x>({
      member("mode", &x::mode, choice({"none", "jwt"}), "how clients prove who they are"),
      member("keys", &x::keys, schema::type_ptr<std::vector<auth_key>>{std::make_shared<keys_type>()},
             "what tokens are verified with"),
      member("issuer", &x::issuer, text(), "what `iss` must be; empty: it is not checked"),
      member("audience", &x::audience, text(), "what `aud` must name; empty: it is not checked"),
      member("leeway_s", &x::leeway_s, integer<std::uint32_t>(0, 600),
             "how far the issuer's clock and this one may differ"),
      member("max_ttl_s", &x::max_ttl_s, integer<std::uint32_t>(1, 31'536'000), "longest life of a token"),
      member("default_rights", &x::default_rights, schema::type_ptr<std::string>{rights},
             "of a token without a `weir` claim; null: everything of a client, with runs of its own"),
      member("anonymous", &x::anonymous, schema::type_ptr<std::string>{rights},
             "of who comes without a token; null: nobody does"),
      member("open_namespaces", &x::open_namespaces, schema::switch_with_default(),
             "whether a client may open a namespace that is not configured; not set: only while `auth.mode` "
             "is none"),
  });
}

} // namespace weir
