#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weir {

/// Where a key for tokens comes from: exactly one of the first five is set.
struct auth_key {
  std::string secret_env;  ///< The variable that holds a shared secret.
  std::string secret_file; ///< The file that does.
  std::string public_key;  ///< A PEM file with a public key or a certificate.
  std::string jwks_file;   ///< A JSON Web Key Set.
  std::string jwks_url;    ///< The address of one, `https://` or, for loopback, `http://`.
  std::string alg;         ///< Of a secret or public key.
  std::string kid;         ///< Of a secret or public key; empty: it is tried for every token.

  bool operator==(const auth_key&) const = default;
};

struct auth_section {
  std::string mode = "none"; ///< `none` or `jwt`.
  std::vector<auth_key> keys;
  std::string issuer;   ///< Empty: not checked.
  std::string audience; ///< Empty: not checked.
  std::uint32_t leeway_s = 30;
  std::uint32_t max_ttl_s = 86'400;
  std::string default_rights;          ///< JSON text of an object; empty: everything of a client.
  std::string anonymous;               ///< JSON text of an object; empty: nobody comes without a token.
  std::optional<bool> open_namespaces; ///< Unset: only without authentication.

  /// Whether a client may open a namespace that is not configured.
  bool may_open_namespaces() const { return open_namespaces.value_or(mode == "none"); }
};

/// Most keys in `auth.keys`.
inline constexpr std::size_t max_auth_keys = 64;

} // namespace weir
