#include "actors/auth/jwk.hpp"

#include "actors/core/base64url.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <array>
#include <utility>

namespace weir::auth {

namespace {

using nlohmann::json;

template <class T, void (*Free)(T*)>
struct deleter {
  void operator()(T* object) const noexcept { Free(object); }
};
template <class T, void (*Free)(T*)>
using owned = std::unique_ptr<T, deleter<T, Free>>;

void free_bio(BIO* bio) { BIO_free(bio); }

using bio_ptr = owned<BIO, free_bio>;
using bignum_ptr = owned<BIGNUM, BN_free>;
using pkey_ctx_ptr = owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using md_ctx_ptr = owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using params_builder = owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using params_ptr = owned<OSSL_PARAM, OSSL_PARAM_free>;
using signature_ptr = owned<ECDSA_SIG, ECDSA_SIG_free>;
using x509_ptr = owned<X509, X509_free>;

struct algorithm_traits {
  algorithm alg;
  std::string_view name;
  const char* key_type;     // as EVP_PKEY_is_a takes it; null: a shared secret; EdDSA: Ed25519 or Ed448
  const char* curve;        // OpenSSL's group name, of ES… only
  std::size_t number_bytes; // of r and of s, of ES… only
};

constexpr std::array<algorithm_traits, 13> all_algorithms{{
    {algorithm::hs256, "HS256", nullptr, nullptr, 0},
    {algorithm::hs384, "HS384", nullptr, nullptr, 0},
    {algorithm::hs512, "HS512", nullptr, nullptr, 0},
    {algorithm::rs256, "RS256", "RSA", nullptr, 0},
    {algorithm::rs384, "RS384", "RSA", nullptr, 0},
    {algorithm::rs512, "RS512", "RSA", nullptr, 0},
    {algorithm::ps256, "PS256", "RSA", nullptr, 0},
    {algorithm::ps384, "PS384", "RSA", nullptr, 0},
    {algorithm::ps512, "PS512", "RSA", nullptr, 0},
    {algorithm::es256, "ES256", "EC", "prime256v1", 32},
    {algorithm::es384, "ES384", "EC", "secp384r1", 48},
    {algorithm::es512, "ES512", "EC", "secp521r1", 66},
    {algorithm::eddsa, "EdDSA", "ED", nullptr, 0},
}};

const algorithm_traits& traits_of(algorithm alg) noexcept {
  return all_algorithms[static_cast<std::size_t>(alg)];
}

const EVP_MD* digest_of(algorithm alg) noexcept {
  switch (alg) {
  case algorithm::hs256:
  case algorithm::rs256:
  case algorithm::ps256:
  case algorithm::es256:
    return EVP_sha256();
  case algorithm::hs384:
  case algorithm::rs384:
  case algorithm::ps384:
  case algorithm::es384:
    return EVP_sha384();
  case algorithm::hs512:
  case algorithm::rs512:
  case algorithm::ps512:
  case algorithm::es512:
    return EVP_sha512();
  case algorithm::eddsa:
    break;
  }
  return nullptr;
}

bool is_pss(algorithm alg) noexcept {
  return alg == algorithm::ps256 || alg == algorithm::ps384 || alg == algorithm::ps512;
}

std::string curve_of(const EVP_PKEY* key) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size(), &size) != 1)
    return {};
  return {name.data(), size};
}

bool fits(const EVP_PKEY* key, algorithm alg) {
  const auto& traits = traits_of(alg);
  if (traits.key_type == nullptr) return false;
  if (alg == algorithm::eddsa) return EVP_PKEY_is_a(key, "ED25519") == 1 || EVP_PKEY_is_a(key, "ED448") == 1;
  if (EVP_PKEY_is_a(key, traits.key_type) != 1) return false;
  return traits.curve == nullptr || curve_of(key) == traits.curve;
}

std::vector<algorithm> fitting(const EVP_PKEY* key) {
  std::vector<algorithm> out;
  for (const auto& traits : all_algorithms)
    if (fits(key, traits.alg)) out.push_back(traits.alg);
  return out;
}

const unsigned char* bytes_of(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool verify_hmac(const std::string& secret, algorithm alg, std::string_view signed_bytes,
                 std::string_view signature) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (HMAC(digest_of(alg), secret.data(), static_cast<int>(secret.size()), bytes_of(signed_bytes),
           signed_bytes.size(), digest.data(), &size)
      == nullptr)
    return false;
  return signature.size() == size && CRYPTO_memcmp(signature.data(), digest.data(), size) == 0;
}

/// RFC 7518 section 3.4 has r and s side by side, each in its full length; OpenSSL wants them as DER.
std::string ecdsa_to_der(std::string_view signature, std::size_t number_bytes) {
  if (signature.size() != 2 * number_bytes) return {};
  bignum_ptr r{BN_bin2bn(bytes_of(signature), static_cast<int>(number_bytes), nullptr)};
  bignum_ptr s{BN_bin2bn(bytes_of(signature.substr(number_bytes)), static_cast<int>(number_bytes), nullptr)};
  signature_ptr pair{ECDSA_SIG_new()};
  if (!r || !s || !pair || ECDSA_SIG_set0(pair.get(), r.get(), s.get()) != 1) return {};
  static_cast<void>(r.release()); // the pair owns them now
  static_cast<void>(s.release());
  auto size = i2d_ECDSA_SIG(pair.get(), nullptr);
  if (size <= 0) return {};
  std::string out(static_cast<std::size_t>(size), '\0');
  auto* end = reinterpret_cast<unsigned char*>(out.data());
  i2d_ECDSA_SIG(pair.get(), &end);
  return out;
}

bool verify_public(EVP_PKEY* key, algorithm alg, std::string_view signed_bytes, std::string_view signature) {
  std::string der;
  if (auto size = traits_of(alg).number_bytes; size > 0) {
    der = ecdsa_to_der(signature, size);
    if (der.empty()) return false;
    signature = der;
  }
  // RFC 8017 asks for a signature of exactly the modulus' length.
  if (EVP_PKEY_is_a(key, "RSA") == 1 && signature.size() != static_cast<std::size_t>(EVP_PKEY_get_size(key)))
    return false;
  md_ctx_ptr context{EVP_MD_CTX_new()};
  EVP_PKEY_CTX* options = nullptr; // the context's own
  if (!context || EVP_DigestVerifyInit(context.get(), &options, digest_of(alg), nullptr, key) != 1)
    return false;
  if (is_pss(alg)
      && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1
          || EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  auto good = EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(signed_bytes),
                               signed_bytes.size())
              == 1;
  ERR_clear_error();
  return good;
}

std::shared_ptr<EVP_PKEY> read_pem(std::string_view pem) {
  bio_ptr keys{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  std::shared_ptr<EVP_PKEY> out{PEM_read_bio_PUBKEY(keys.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  if (!out) {
    bio_ptr certificates{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
    x509_ptr certificate{PEM_read_bio_X509(certificates.get(), nullptr, nullptr, nullptr)};
    if (certificate) out.reset(X509_get_pubkey(certificate.get()), EVP_PKEY_free);
  }
  ERR_clear_error();
  return out;
}

/// What is too weak to be trusted, or an empty text.
std::string check_strength(const EVP_PKEY* key) {
  if (EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) < verification_key::min_rsa_bits)
    return "an RSA key needs at least " + std::to_string(verification_key::min_rsa_bits) + " bits";
  return {};
}

std::shared_ptr<EVP_PKEY> build(const char* type, OSSL_PARAM_BLD* parts) {
  params_ptr params{OSSL_PARAM_BLD_to_param(parts)};
  pkey_ctx_ptr context{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* out = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1
      || EVP_PKEY_fromdata(context.get(), &out, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  std::shared_ptr<EVP_PKEY> key{out, EVP_PKEY_free};
  // A point that is not on its curve, a modulus that is none.
  pkey_ctx_ptr check{EVP_PKEY_CTX_new_from_pkey(nullptr, out, nullptr)};
  auto valid = check && EVP_PKEY_public_check(check.get()) == 1;
  ERR_clear_error();
  return valid ? key : nullptr;
}

bignum_ptr to_number(const std::string& bytes) {
  return bignum_ptr{BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr)};
}

} // namespace

std::string_view to_string(algorithm alg) noexcept { return traits_of(alg).name; }

std::optional<algorithm> parse_algorithm(std::string_view name) noexcept {
  for (const auto& traits : all_algorithms)
    if (traits.name == name) return traits.alg;
  return std::nullopt;
}

bool is_symmetric(algorithm alg) noexcept { return traits_of(alg).key_type == nullptr; }

/// Reads one JSON Web Key, member by member.
class jwk_reader {
public:
  explicit jwk_reader(const json& jwk) : jwk_(jwk) {}

  verification_key::result read() {
    if (!jwk_.is_object()) return std::string{"is not an object"};
    if (auto wrong = read_use(); !wrong.empty()) return wrong;
    std::optional<algorithm> alg;
    if (auto i = jwk_.find("alg"); i != jwk_.end()) {
      alg = i->is_string() ? parse_algorithm(i->get_ref<const std::string&>()) : std::nullopt;
      if (!alg) return std::string{"its `alg` is not one that signatures are verified with"};
    }
    if (auto i = jwk_.find("kid"); i != jwk_.end()) {
      if (!i->is_string()) return std::string{"its `kid` is not a text"};
      key_.kid_ = i->get<std::string>();
    }
    auto type = text("kty");
    auto wrong = type == "oct" ? read_secret(alg) : read_public(type, alg);
    if (!wrong.empty()) return wrong;
    return std::move(key_);
  }

private:
  std::string text(const char* field) const {
    auto i = jwk_.find(field);
    return i != jwk_.end() && i->is_string() ? i->get<std::string>() : std::string{};
  }

  std::optional<std::string> bytes(const char* field) const {
    auto encoded = text(field);
    return encoded.empty() ? std::nullopt : from_base64url(encoded);
  }

  std::string read_use() const {
    if (auto i = jwk_.find("use"); i != jwk_.end() && *i != "sig") return "its `use` is not `sig`";
    auto ops = jwk_.find("key_ops");
    if (ops == jwk_.end()) return {};
    if (!ops->is_array()) return "its `key_ops` is not a list";
    auto may = [&](const char* op) { return std::find(ops->begin(), ops->end(), op) != ops->end(); };
    return may("verify") || (text("kty") == "oct" && may("sign")) ? "" : "its `key_ops` do not name `verify`";
  }

  std::string read_secret(std::optional<algorithm> alg) {
    auto secret = bytes("k");
    if (!secret) return "its `k` is not base64url";
    if (secret->size() < verification_key::min_secret_bytes)
      return "its secret is shorter than " + std::to_string(verification_key::min_secret_bytes) + " bytes";
    if (alg && !is_symmetric(*alg)) return "its `alg` does not fit its `kty`";
    key_.secret_ = std::move(*secret);
    key_.algorithms_ =
        alg ? std::vector{*alg} : std::vector{algorithm::hs256, algorithm::hs384, algorithm::hs512};
    return {};
  }

  std::string read_public(const std::string& type, std::optional<algorithm> alg) {
    if (type == "RSA") {
      read_rsa();
    } else if (type == "EC") {
      read_curve();
    } else if (type == "OKP") {
      read_edwards();
    } else {
      return "its `kty` is not `oct`, `RSA`, `EC` or `OKP`";
    }
    if (!key_.public_) return "its numbers are not those of a public key";
    if (auto wrong = check_strength(key_.public_.get()); !wrong.empty()) return wrong;
    key_.algorithms_ = fitting(key_.public_.get());
    if (alg && !key_.allows(*alg)) return "its `alg` does not fit its `kty`";
    if (alg) key_.algorithms_ = {*alg};
    return key_.algorithms_.empty() ? "no algorithm fits it" : "";
  }

  void read_rsa() {
    auto n = bytes("n"), e = bytes("e");
    if (!n || !e) return;
    auto modulus = to_number(*n), exponent = to_number(*e);
    params_builder parts{OSSL_PARAM_BLD_new()};
    if (!parts || OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1
        || OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1)
      return;
    key_.public_ = build("RSA", parts.get());
  }

  void read_curve() {
    auto name = text("crv");
    auto alg = name == "P-256" ? algorithm::es256 : name == "P-384" ? algorithm::es384 : algorithm::es512;
    if (alg == algorithm::es512 && name != "P-521") return;
    const auto& traits = traits_of(alg);
    auto x = bytes("x"), y = bytes("y");
    if (!x || !y || x->size() != traits.number_bytes || y->size() != traits.number_bytes) return;
    auto point = '\x04' + *x + *y; // uncompressed (SEC 1, section 2.3.3)
    params_builder parts{OSSL_PARAM_BLD_new()};
    if (!parts
        || OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, traits.curve, 0) != 1
        || OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size())
               != 1)
      return;
    key_.public_ = build("EC", parts.get());
  }

  void read_edwards() {
    auto name = text("crv");
    auto x = bytes("x");
    if (!x || (name != "Ed25519" && name != "Ed448")) return;
    auto* raw = EVP_PKEY_new_raw_public_key_ex(nullptr, name == "Ed448" ? "ED448" : "ED25519", nullptr,
                                               bytes_of(*x), x->size());
    ERR_clear_error();
    if (raw != nullptr) key_.public_.reset(raw, EVP_PKEY_free);
  }

  const json& jwk_;
  verification_key key_;
};

verification_key::result verification_key::from_secret(std::string secret, algorithm alg, std::string kid) {
  if (!is_symmetric(alg)) return "a shared secret cannot verify " + std::string{to_string(alg)};
  if (secret.size() < min_secret_bytes)
    return "a shared secret needs at least " + std::to_string(min_secret_bytes) + " bytes";
  verification_key out;
  out.kid_ = std::move(kid);
  out.algorithms_ = {alg};
  out.secret_ = std::move(secret);
  return out;
}

verification_key::result verification_key::from_pem(std::string_view pem, algorithm alg, std::string kid) {
  auto key = read_pem(pem);
  if (!key) return std::string{"is neither a public key nor a certificate in PEM"};
  if (auto wrong = check_strength(key.get()); !wrong.empty()) return wrong;
  if (!fits(key.get(), alg)) return "the key does not fit " + std::string{to_string(alg)};
  verification_key out;
  out.kid_ = std::move(kid);
  out.algorithms_ = {alg};
  out.public_ = std::move(key);
  return out;
}

verification_key::result verification_key::from_jwk(std::string_view jwk) {
  auto parsed = parse_json(jwk);
  if (parsed.is_discarded()) return std::string{"is not JSON"};
  return jwk_reader{parsed}.read();
}

bool verification_key::allows(algorithm alg) const noexcept {
  return std::find(algorithms_.begin(), algorithms_.end(), alg) != algorithms_.end();
}

bool verification_key::verify(algorithm alg, std::string_view signed_bytes,
                              std::string_view signature) const {
  if (!allows(alg) || signature.empty()) return false;
  return public_ ? verify_public(public_.get(), alg, signed_bytes, signature)
                 : verify_hmac(secret_, alg, signed_bytes, signature);
}

std::variant<key_set, std::string> parse_key_set(std::string_view jwks) {
  auto parsed = parse_json(jwks);
  if (!parsed.is_object() || !parsed.contains("keys") || !parsed["keys"].is_array())
    return std::string{"is not a JSON Web Key Set: an object with a list `keys`"};
  const auto& list = parsed["keys"];
  if (list.size() > max_keys_per_set) return "has more than " + std::to_string(max_keys_per_set) + " keys";
  key_set out;
  for (std::size_t i = 0; i < list.size(); ++i) {
    auto read = jwk_reader{list[i]}.read();
    if (auto* key = std::get_if<verification_key>(&read)) {
      out.keys.push_back(std::move(*key));
    } else {
      out.skipped.push_back("keys[" + std::to_string(i) + "]: " + std::get<std::string>(read));
    }
  }
  return out;
}

} // namespace weir::auth
