#include "net/session_token.hpp"

#include "actors/core/base64url.hpp"
#include "actors/core/hash.hpp"
#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace weir {

namespace {

using nlohmann::json;

bool read_text(const json& object, const char* field, std::string& out) {
  auto i = object.find(field);
  if (i == object.end() || !i->is_string()) return false;
  out = i->get_ref<const std::string&>();
  return true;
}

std::optional<session_claims> read_claims(std::string_view text) {
  auto object = parse_json(text);
  if (!object.is_object()) return std::nullopt;
  session_claims out;
  if (!read_text(object, "ns", out.ns) || !read_text(object, "client", out.client_id)
      || !read_text(object, "session", out.session))
    return std::nullopt;
  auto expires = object.find("exp");
  if (expires == object.end() || !expires->is_number_integer()) return std::nullopt;
  out.expires_ms = expires->get<std::int64_t>();
  read_text(object, "epoch", out.epoch);
  if (auto seq = object.find("seq"); seq != object.end() && seq->is_number_unsigned())
    out.seq = seq->get<std::uint64_t>();
  return out;
}

/// Takes the same time wherever they differ, so that a signature cannot be guessed byte by byte.
bool same(std::string_view a, std::string_view b) noexcept {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string signature_of(const std::string& secret, std::string_view claims) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  auto* bytes = reinterpret_cast<const unsigned char*>(claims.data());
  auto* done =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, claims.size(), digest, &size);
  if (done == nullptr) throw std::runtime_error("HMAC-SHA256 failed");
  return to_base64url({reinterpret_cast<const char*>(digest), size});
}

} // namespace

session_signer::session_signer(std::string secret) : session_signer(std::vector{std::move(secret)}) {}

session_signer::session_signer(std::vector<std::string> secrets) { replace(std::move(secrets)); }

void session_signer::replace(std::vector<std::string> secrets) {
  if (secrets.empty()) throw std::invalid_argument("there must be a session secret");
  for (auto& x : secrets)
    if (x.size() < min_secret_bytes)
      throw std::invalid_argument("a session secret must be at least " + std::to_string(min_secret_bytes)
                                  + " bytes long");
  secrets_.store(std::make_shared<const std::vector<std::string>>(std::move(secrets)));
}

std::string session_signer::sign(const session_claims& x) const {
  json object{{"ns", x.ns}, {"client", x.client_id}, {"session", x.session}, {"exp", x.expires_ms}};
  if (!x.epoch.empty()) object["epoch"] = x.epoch, object["seq"] = x.seq;
  auto claims = to_base64url(print_json(object));
  auto signature = signature_of(secrets_.load()->front(), claims);
  return std::move(claims) + '.' + signature;
}

std::string session_signer::marks() const {
  // What the first versions signed for this, so that nodes of different versions have the same marks.
  auto claims = to_base64url(R"({"client":"cluster","exp":0,"ns":"","session":""})");
  std::string out;
  for (auto& secret : *secrets_.load())
    out += (out.empty() ? "" : ",")
           + std::to_string(fnv1a{}.add(claims + '.' + signature_of(secret, claims)).value());
  return out;
}

std::optional<session_claims> session_signer::verify(std::string_view token, std::int64_t now_ms) const {
  auto dot = token.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  auto claims = token.substr(0, dot);
  // Before anything is parsed: what was not signed by us is not looked at.
  auto signature = token.substr(dot + 1);
  auto secrets = secrets_.load();
  auto signed_it = [&](const std::string& secret) { return same(signature, signature_of(secret, claims)); };
  if (std::none_of(secrets->begin(), secrets->end(), signed_it)) return std::nullopt;
  auto text = from_base64url(claims);
  if (!text) return std::nullopt;
  auto out = read_claims(*text);
  if (!out || now_ms >= out->expires_ms) return std::nullopt;
  return out;
}

} // namespace weir
