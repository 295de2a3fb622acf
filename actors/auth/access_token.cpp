#include "actors/auth/access_token.hpp"

#include "actors/core/client_id.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <utility>

namespace weir::auth {

namespace {

using nlohmann::json;

/// Latest date that is read: 9999-12-31. What is later cannot be told from a mistake.
constexpr double max_numeric_date_s = 253402300799.0;

/// A NumericDate (RFC 7519, section 2) in milliseconds; fractions of seconds are allowed there.
std::optional<std::int64_t> to_ms(const json& value) {
  if (!value.is_number()) return std::nullopt;
  auto seconds = value.get<double>();
  if (!std::isfinite(seconds) || seconds < 0 || seconds > max_numeric_date_s) return std::nullopt;
  return static_cast<std::int64_t>(seconds * 1000);
}

token_error from_jws(jws_error error) noexcept {
  switch (error) {
  case jws_error::too_long:
    return token_error::too_long;
  case jws_error::malformed:
    return token_error::malformed;
  case jws_error::unsupported_algorithm:
    return token_error::unsupported_algorithm;
  case jws_error::embedded_key:
    return token_error::embedded_key;
  case jws_error::unknown_critical:
    return token_error::unknown_critical;
  case jws_error::unknown_key:
    return token_error::unknown_key;
  case jws_error::bad_signature:
    return token_error::bad_signature;
  }
  return token_error::malformed;
}

/// Reads one claim after the other; the first that is wrong ends it.
class claims_reader {
public:
  claims_reader(const json& claims, const token_rules& rules, std::int64_t now_ms)
    : claims_(claims), rules_(rules), now_ms_(now_ms) {}

  std::variant<access_claims, token_error> read() {
    auto error = read_subject();
    if (!error) error = read_times();
    if (!error) error = check_issuer();
    if (!error) error = check_audience();
    if (!error) error = read_namespaces();
    if (!error) error = read_rights();
    if (error) return *error;
    return std::move(out_);
  }

private:
  using outcome = std::optional<token_error>;

  const json* find(const char* claim) const {
    auto i = claims_.find(claim);
    return i == claims_.end() || i->is_null() ? nullptr : &*i;
  }

  outcome read_subject() {
    const auto* sub = find("sub");
    if (sub == nullptr || !sub->is_string()) return token_error::bad_claims;
    out_.client_id = sub->get<std::string>();
    if (!check_client_id(out_.client_id).empty() || is_server_client(out_.client_id)
        || is_anonymous_client(out_.client_id))
      return token_error::bad_claims;
    const auto* jti = find("jti");
    if (jti == nullptr) return std::nullopt;
    if (!jti->is_string()) return token_error::bad_claims;
    out_.token_id = jti->get<std::string>();
    return std::nullopt;
  }

  outcome read_times() {
    const auto leeway_ms = std::int64_t{rules_.leeway_s} * 1000;
    const auto* exp = find("exp");
    auto expires = exp == nullptr ? std::nullopt : to_ms(*exp);
    if (!expires) return token_error::bad_claims;
    out_.expires_ms = *expires;
    if (const auto* iat = find("iat")) {
      auto issued = to_ms(*iat);
      if (!issued) return token_error::bad_claims;
      if (*issued > now_ms_ + leeway_ms) return token_error::not_yet_valid;
      out_.issued_ms = *issued;
    }
    if (const auto* nbf = find("nbf")) {
      auto begins = to_ms(*nbf);
      if (!begins) return token_error::bad_claims;
      if (*begins > now_ms_ + leeway_ms) return token_error::not_yet_valid;
    }
    if (now_ms_ >= out_.expires_ms + leeway_ms) return token_error::expired;
    auto from = out_.issued_ms > 0 ? out_.issued_ms : now_ms_;
    if (out_.expires_ms - from > std::int64_t{rules_.max_ttl_s} * 1000 + leeway_ms)
      return token_error::lives_too_long;
    return std::nullopt;
  }

  outcome check_issuer() const {
    if (rules_.issuer.empty()) return std::nullopt;
    const auto* iss = find("iss");
    return iss != nullptr && *iss == rules_.issuer ? std::nullopt : outcome{token_error::wrong_issuer};
  }

  outcome check_audience() const {
    if (rules_.audience.empty()) return std::nullopt;
    const auto* aud = find("aud");
    auto named =
        aud != nullptr
        && (*aud == rules_.audience
            || (aud->is_array() && std::find(aud->begin(), aud->end(), rules_.audience) != aud->end()));
    return named ? std::nullopt : outcome{token_error::wrong_audience};
  }

  outcome read_namespaces() {
    const auto* ns = find("ns");
    if (ns == nullptr) return std::nullopt;
    if (ns->is_string()) return add_namespace(*ns);
    if (!ns->is_array() || ns->empty()) return token_error::bad_claims;
    for (const auto& name : *ns)
      if (auto error = add_namespace(name)) return error;
    return std::nullopt;
  }

  outcome add_namespace(const json& name) {
    if (!name.is_string() || name.get_ref<const std::string&>().empty()) return token_error::bad_claims;
    out_.namespaces.push_back(name.get<std::string>());
    return std::nullopt;
  }

  outcome read_rights() {
    const auto* claim = find("weir");
    if (claim == nullptr && !rules_.default_rights_json) {
      out_.may = rights::of_client();
      return std::nullopt;
    }
    auto text = claim == nullptr ? *rules_.default_rights_json
                                 : claim->dump(-1, ' ', false, json::error_handler_t::replace);
    auto read = parse_rights(text, out_.client_id);
    if (!std::holds_alternative<rights>(read)) return token_error::bad_claims;
    out_.may = std::move(std::get<rights>(read));
    return std::nullopt;
  }

  const json& claims_;
  const token_rules& rules_;
  std::int64_t now_ms_;
  access_claims out_;
};

} // namespace

bool access_claims::may_enter(std::string_view ns, std::string_view default_namespace) const noexcept {
  if (namespaces.empty()) return !default_namespace.empty() && ns == default_namespace;
  return std::any_of(namespaces.begin(), namespaces.end(),
                     [&](const auto& name) { return name == "*" || name == ns; });
}

std::optional<std::string> access_claims::only_namespace() const {
  if (namespaces.size() != 1 || namespaces.front() == "*") return std::nullopt;
  return namespaces.front();
}

std::string_view to_string(token_error error) noexcept {
  switch (error) {
  case token_error::missing:
    return "missing";
  case token_error::too_long:
    return "too_long";
  case token_error::malformed:
    return "malformed";
  case token_error::unsupported_algorithm:
    return "unsupported_algorithm";
  case token_error::embedded_key:
    return "embedded_key";
  case token_error::unknown_critical:
    return "unknown_critical";
  case token_error::unknown_key:
    return "unknown_key";
  case token_error::bad_signature:
    return "bad_signature";
  case token_error::bad_claims:
    return "bad_claims";
  case token_error::expired:
    return "expired";
  case token_error::not_yet_valid:
    return "not_yet_valid";
  case token_error::lives_too_long:
    return "lives_too_long";
  case token_error::wrong_issuer:
    return "wrong_issuer";
  case token_error::wrong_audience:
    return "wrong_audience";
  case token_error::revoked:
    return "revoked";
  }
  return "malformed";
}

std::variant<access_claims, token_error> read_access_claims(std::string_view payload,
                                                            const token_rules& rules, std::int64_t now_ms) {
  auto claims = parse_json(payload);
  if (!claims.is_object()) return token_error::malformed;
  return claims_reader{claims, rules, now_ms}.read();
}

std::variant<access_claims, token_error> verify_access_token(std::string_view token,
                                                             const std::vector<verification_key>& keys,
                                                             const token_rules& rules, std::int64_t now_ms) {
  if (token.empty()) return token_error::missing;
  auto verified = verify_jws(token, keys);
  if (auto* error = std::get_if<jws_error>(&verified)) return from_jws(*error);
  return read_access_claims(std::get<std::string>(verified), rules, now_ms);
}

} // namespace weir::auth
