#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace weir::auth {

/// Signature algorithms of JSON Web Algorithms (RFC 7518, section 3; RFC 8037 for EdDSA).
enum class algorithm : std::uint8_t {
  hs256,
  hs384,
  hs512,
  rs256,
  rs384,
  rs512,
  ps256,
  ps384,
  ps512,
  es256,
  es384,
  es512,
  eddsa,
};

/// The name in a token's header, `HS256` to `EdDSA`.
std::string_view to_string(algorithm alg) noexcept;

/// Nothing for `none` and for any name that is not registered above. Names are case-sensitive.
std::optional<algorithm> parse_algorithm(std::string_view name) noexcept;

bool is_symmetric(algorithm alg) noexcept;

/// One key that signatures are verified with, and the algorithms that it may be used for. The factories
/// return a text that says what is wrong with the input; it never contains key material.
class verification_key {
public:
  /// Shortest shared secret, as RFC 7518 section 3.2 asks of HS256.
  static constexpr std::size_t min_secret_bytes = 32;

  /// Shortest RSA modulus, as RFC 7518 section 3.3 asks.
  static constexpr int min_rsa_bits = 2048;

  using result = std::variant<verification_key, std::string>;

  /// @param alg one of HS256, HS384, HS512.
  static result from_secret(std::string secret, algorithm alg, std::string kid = {});

  /// @param pem a public key (SubjectPublicKeyInfo) or an X.509 certificate.
  /// @param alg one that fits the key's type: RS… and PS… for RSA, ES… for the curve, EdDSA for Ed25519 and
  /// Ed448.
  static result from_pem(std::string_view pem, algorithm alg, std::string kid = {});

  /// @param jwk the text of one JSON Web Key (RFC 7517). `use` must be `sig` and `key_ops` must contain
  /// `verify`
  /// (`sign` for `oct`) where they are present. Without `alg` the key is good for every algorithm of its
  /// type.
  static result from_jwk(std::string_view jwk);

  const std::string& kid() const noexcept { return kid_; }
  bool allows(algorithm alg) const noexcept;

  /// Whether `signature` is this key's over `signed_bytes`. False for an algorithm that the key does not
  /// allow.
  bool verify(algorithm alg, std::string_view signed_bytes, std::string_view signature) const;

private:
  friend class jwk_reader;

  verification_key() = default;

  std::string kid_;
  std::vector<algorithm> algorithms_;
  std::string secret_;                  // of a symmetric key
  std::shared_ptr<evp_pkey_st> public_; // of an asymmetric one
};

/// The keys of a JSON Web Key Set, and why others of it were left out: a set may hold keys for other uses.
struct key_set {
  std::vector<verification_key> keys;
  std::vector<std::string> skipped; ///< A line for each key that cannot be used, without key material.
};

/// Most keys that are taken from one set; more make the set invalid.
inline constexpr std::size_t max_keys_per_set = 100;

/// @returns a text that says what is wrong when `jwks` is not a JSON Web Key Set (RFC 7517, section 5).
std::variant<key_set, std::string> parse_key_set(std::string_view jwks);

} // namespace weir::auth
