#pragma once

#include "actors/auth/jws.hpp"
#include "actors/auth/rights.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::auth {

/// What a token says of who brings it. Times are milliseconds since the Unix epoch.
struct access_claims {
  std::string client_id;               ///< `sub`.
  std::vector<std::string> namespaces; ///< `ns`; `*`: any; empty: the default namespace only.
  std::int64_t expires_ms = 0;         ///< `exp`.
  std::int64_t issued_ms = 0;          ///< `iat`; 0: not said.
  std::string token_id;                ///< `jti`; empty: not said.
  rights may;

  /// @param default_namespace of a token that names none; empty: there is none.
  bool may_enter(std::string_view ns, std::string_view default_namespace) const noexcept;

  /// The only namespace that it names; nothing where it names several, any or none.
  std::optional<std::string> only_namespace() const;
};

/// Why a token was not accepted, for metrics and the audit log. A client is told `expired` and nothing more.
enum class token_error : std::uint8_t {
  missing,
  too_long,
  malformed,
  unsupported_algorithm,
  embedded_key,
  unknown_critical,
  unknown_key,
  bad_signature,
  bad_claims, ///< A claim has the wrong type, or a needed one is not there.
  expired,
  not_yet_valid,
  lives_too_long, ///< `exp` is further away than `max_ttl_s`.
  wrong_issuer,
  wrong_audience,
  revoked,
};

std::string_view to_string(token_error error) noexcept;

/// How claims are judged. See `auth` in the configuration.
struct token_rules {
  std::string issuer;              ///< Empty: `iss` is not looked at.
  std::string audience;            ///< Empty: `aud` is not looked at.
  std::uint32_t leeway_s = 30;     ///< How far clocks may differ.
  std::uint32_t max_ttl_s = 86400; ///< Longest life from `iat`, or from now where there is none.
  std::optional<std::string>
      default_rights_json; ///< Of a token without a `weir` claim; nothing: all of a client.
};

/// Verifies the signature, then the claims.
/// @param now_ms milliseconds since the Unix epoch: what a token says is wall-clock time.
std::variant<access_claims, token_error> verify_access_token(std::string_view token,
                                                             const std::vector<verification_key>& keys,
                                                             const token_rules& rules, std::int64_t now_ms);

/// The claims alone, from the payload of a token whose signature is good.
std::variant<access_claims, token_error> read_access_claims(std::string_view payload,
                                                            const token_rules& rules, std::int64_t now_ms);

} // namespace weir::auth
