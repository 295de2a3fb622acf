#include "actors/auth/jws.hpp"

#include "actors/core/base64url.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace weir::auth {

namespace {

using nlohmann::json;

struct compact_parts {
  std::string_view header, payload, signature;
  std::string_view signed_bytes; // header and payload with the dot between them
};

std::optional<compact_parts> split(std::string_view token) {
  auto first = token.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  auto second = token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    return std::nullopt;
  return compact_parts{token.substr(0, first), token.substr(first + 1, second - first - 1),
                       token.substr(second + 1), token.substr(0, second)};
}

struct jose_header {
  algorithm alg;
  std::optional<std::string> kid;
};

std::variant<jose_header, jws_error> read_header(std::string_view encoded) {
  auto text = from_base64url(encoded);
  if (!text || text->empty()) return jws_error::malformed;
  auto header = parse_json(*text);
  if (!header.is_object()) return jws_error::malformed;
  auto alg = header.find("alg");
  if (alg == header.end() || !alg->is_string()) return jws_error::malformed;
  for (const auto* field : {"jwk", "jku", "x5c", "x5u"})
    if (header.contains(field)) return jws_error::embedded_key;
  if (header.contains("crit")) return jws_error::unknown_critical;
  auto known = parse_algorithm(alg->get_ref<const std::string&>());
  if (!known) return jws_error::unsupported_algorithm;
  jose_header out{*known, std::nullopt};
  if (auto kid = header.find("kid"); kid != header.end()) {
    if (!kid->is_string()) return jws_error::malformed;
    out.kid = kid->get<std::string>();
  }
  return out;
}

const EVP_MD* hmac_digest(algorithm alg) {
  switch (alg) {
  case algorithm::hs256:
    return EVP_sha256();
  case algorithm::hs384:
    return EVP_sha384();
  case algorithm::hs512:
    return EVP_sha512();
  default:
    throw std::invalid_argument("a shared secret cannot sign " + std::string{to_string(alg)});
  }
}

} // namespace

std::string_view to_string(jws_error error) noexcept {
  switch (error) {
  case jws_error::too_long:
    return "too_long";
  case jws_error::malformed:
    return "malformed";
  case jws_error::unsupported_algorithm:
    return "unsupported_algorithm";
  case jws_error::embedded_key:
    return "embedded_key";
  case jws_error::unknown_critical:
    return "unknown_critical";
  case jws_error::unknown_key:
    return "unknown_key";
  case jws_error::bad_signature:
    return "bad_signature";
  }
  return "malformed";
}

std::variant<std::string, jws_error> verify_jws(std::string_view token,
                                                const std::vector<verification_key>& keys) {
  if (token.size() > max_token_bytes) return jws_error::too_long;
  auto parts = split(token);
  if (!parts) return jws_error::malformed;
  auto read = read_header(parts->header);
  if (auto* error = std::get_if<jws_error>(&read)) return *error;
  const auto& header = std::get<jose_header>(read);
  auto payload = from_base64url(parts->payload);
  auto signature = from_base64url(parts->signature);
  if (!payload || !signature) return jws_error::malformed;
  auto tried = false;
  for (const auto& key : keys) {
    if (header.kid && !key.kid().empty() && key.kid() != *header.kid) continue;
    if (!key.allows(header.alg)) continue;
    tried = true;
    if (key.verify(header.alg, parts->signed_bytes, *signature)) return std::move(*payload);
  }
  return tried ? jws_error::bad_signature : jws_error::unknown_key;
}

std::string sign_jws(std::string_view payload, algorithm alg, const std::string& secret,
                     const std::string& kid) {
  const auto* digest = hmac_digest(alg);
  json header{{"alg", to_string(alg)}, {"typ", "JWT"}};
  if (!kid.empty()) header["kid"] = kid;
  auto out = to_base64url(print_json(header)) + '.' + to_base64url(payload);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (HMAC(digest, secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(out.data()), out.size(), bytes, &size)
      == nullptr)
    throw std::runtime_error("HMAC failed");
  return out + '.' + to_base64url({reinterpret_cast<const char*>(bytes), size});
}

} // namespace weir::auth
