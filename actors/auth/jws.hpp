#pragma once

#include "actors/auth/jwk.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace weir::auth {

/// Longest token that is looked at, in bytes.
inline constexpr std::size_t max_token_bytes = 8 * 1024;

/// Why a token's signature was not accepted. For metrics and logs; a client is only told that it was refused.
enum class jws_error : std::uint8_t {
  too_long,              ///< More than `max_token_bytes`.
  malformed,             ///< Not three base64url parts with a JSON object as header.
  unsupported_algorithm, ///< `none`, or a name that is not a signature algorithm.
  embedded_key,          ///< The header brings or names a key: `jwk`, `jku`, `x5c`, `x5u`.
  unknown_critical,      ///< The header has `crit`; no extension is understood.
  unknown_key,           ///< No key has the token's `kid`, or none allows its `alg`.
  bad_signature,
};

std::string_view to_string(jws_error error) noexcept;

/// @returns the payload of a JSON Web Signature in compact serialisation (RFC 7515, section 7.1). The
/// algorithm is one that the key allows; the token only chooses among those. A token with a `kid` is tried
/// with the keys of that `kid` and with those that have none, one without with all.
std::variant<std::string, jws_error> verify_jws(std::string_view token,
                                                const std::vector<verification_key>& keys);

/// Makes a token with a shared secret. @param alg HS256, HS384 or HS512. @param secret see
/// `verification_key::min_secret_bytes`. Throws `std::invalid_argument` for another algorithm.
std::string sign_jws(std::string_view payload, algorithm alg, const std::string& secret,
                     const std::string& kid = {});

} // namespace weir::auth
