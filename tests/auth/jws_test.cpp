#include "actors/auth/jws.hpp"

#include "actors/core/base64url.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <set>
#include <string>

using namespace weir;
using namespace weir::auth;
using nlohmann::json;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";

std::vector<verification_key> keys_of(verification_key::result read) {
  REQUIRE(std::holds_alternative<verification_key>(read));
  return {std::get<verification_key>(std::move(read))};
}

std::vector<verification_key> shared_secret(const std::string& kid = {}) {
  return keys_of(verification_key::from_secret(secret, algorithm::hs256, kid));
}

std::string token_with(const json& header) {
  auto parts = to_base64url(header.dump()) + '.' + to_base64url("{}");
  return parts + '.' + to_base64url("not a signature");
}

jws_error error_of(const std::variant<std::string, jws_error>& outcome) {
  REQUIRE(std::holds_alternative<jws_error>(outcome));
  return std::get<jws_error>(outcome);
}

/// Whether a vector of Wycheproof is accepted with the key of its group.
bool accepts(const json& key, const json& token) {
  if (!token.is_string()) return false;
  auto read = verification_key::from_jwk(key.dump());
  auto* usable = std::get_if<verification_key>(&read);
  return usable != nullptr
         && std::holds_alternative<std::string>(verify_jws(token.get<std::string>(), {*usable}));
}

} // namespace

TEST_CASE("a token that was signed with the shared secret gives its payload", "[auth][jws]") {
  for (auto alg : {algorithm::hs256, algorithm::hs384, algorithm::hs512}) {
    auto keys = keys_of(verification_key::from_secret(secret, alg));
    auto outcome = verify_jws(sign_jws("{\"sub\":\"alice\"}", alg, secret), keys);
    REQUIRE(std::holds_alternative<std::string>(outcome));
    CHECK(std::get<std::string>(outcome) == "{\"sub\":\"alice\"}");
  }
}

TEST_CASE("a token with `none`, an embedded key or a critical extension is refused by its header",
          "[auth][jws]") {
  const std::vector<std::pair<json, jws_error>> cases{
      {{{"alg", "none"}}, jws_error::unsupported_algorithm},
      {{{"alg", "NONE"}}, jws_error::unsupported_algorithm},
      {{{"alg", "hs256"}}, jws_error::unsupported_algorithm},
      {{{"alg", 5}}, jws_error::malformed},
      {json::object(), jws_error::malformed},
      {json::array(), jws_error::malformed},
      {{{"alg", "HS256"}, {"jwk", {{"kty", "oct"}, {"k", "AAAA"}}}}, jws_error::embedded_key},
      {{{"alg", "HS256"}, {"jku", "https://evil.example/keys"}}, jws_error::embedded_key},
      {{{"alg", "HS256"}, {"x5u", "https://evil.example/cert"}}, jws_error::embedded_key},
      {{{"alg", "HS256"}, {"x5c", json::array({"AAAA"})}}, jws_error::embedded_key},
      {{{"alg", "HS256"}, {"crit", json::array({"b64"})}, {"b64", false}}, jws_error::unknown_critical},
      {{{"alg", "HS256"}, {"crit", json::array()}}, jws_error::unknown_critical},
      {{{"alg", "RS256"}}, jws_error::unknown_key},
      {{{"alg", "HS256"}, {"kid", 7}}, jws_error::malformed},
      {{{"alg", "HS256"}}, jws_error::bad_signature},
  };
  for (const auto& [header, error] : cases) {
    INFO(header.dump());
    CHECK(error_of(verify_jws(token_with(header), shared_secret())) == error);
  }
}

TEST_CASE("a token of more than 8 KiB is not looked at", "[auth][jws]") {
  auto token = sign_jws(std::string(max_token_bytes, 'x'), algorithm::hs256, secret);
  CHECK(error_of(verify_jws(token, shared_secret())) == jws_error::too_long);
}

TEST_CASE("text that is not three parts of base64url is malformed", "[auth][jws]") {
  auto good = sign_jws("{}", algorithm::hs256, secret);
  auto dot = good.find('.');
  for (const auto& token : {std::string{}, std::string{"."}, std::string{".."}, std::string{"..."},
                            good + ".", good + "=", "=" + good, good.substr(0, dot),
                            good.substr(0, dot) + "\n" + good.substr(dot), std::string(100, '.')}) {
    INFO(token);
    CHECK(error_of(verify_jws(token, shared_secret())) == jws_error::malformed);
  }
}

TEST_CASE("a token names its key by kid", "[auth][jws]") {
  auto keys = shared_secret("old");
  keys.push_back(keys_of(
      verification_key::from_secret("another secret of thirty-two byte", algorithm::hs256, "new"))[0]);
  CHECK(
      std::holds_alternative<std::string>(verify_jws(sign_jws("{}", algorithm::hs256, secret, "old"), keys)));
  CHECK(std::holds_alternative<std::string>(verify_jws(sign_jws("{}", algorithm::hs256, secret), keys)));
  CHECK(error_of(verify_jws(sign_jws("{}", algorithm::hs256, secret, "new"), keys))
        == jws_error::bad_signature);
  CHECK(error_of(verify_jws(sign_jws("{}", algorithm::hs256, secret, "third"), keys))
        == jws_error::unknown_key);
}

TEST_CASE("keys that are too weak or do not fit their algorithm are refused, without key material",
          "[auth][jws]") {
  auto refused = [](verification_key::result read) {
    REQUIRE(std::holds_alternative<std::string>(read));
    return std::get<std::string>(read);
  };
  CHECK(refused(verification_key::from_secret("short", algorithm::hs256)).find("32 bytes")
        != std::string::npos);
  CHECK(refused(verification_key::from_secret(secret, algorithm::rs256)).find("RS256") != std::string::npos);
  CHECK(refused(verification_key::from_pem("no key", algorithm::rs256)).find("PEM") != std::string::npos);
  CHECK(refused(verification_key::from_jwk(R"({"kty":"oct","k":"AAAA"})")).find("32 bytes")
        != std::string::npos);
  CHECK(!refused(verification_key::from_jwk(R"({"kty":"EC","crv":"P-256","x":"AAAA","y":"AAAA"})")).empty());
  CHECK(!refused(verification_key::from_jwk("[]")).empty());
  CHECK(!refused(verification_key::from_jwk("{")).empty());
}

TEST_CASE("a key set leaves out what it cannot use and says why", "[auth][jws]") {
  json set{{"keys",
            {{{"kty", "oct"}, {"k", to_base64url(secret)}, {"kid", "a"}},
             {{"kty", "RSA"}, {"use", "enc"}, {"n", "AQAB"}, {"e", "AQAB"}},
             {{"kty", "XYZ"}}}}};
  auto read = parse_key_set(set.dump());
  REQUIRE(std::holds_alternative<key_set>(read));
  CHECK(std::get<key_set>(read).keys.size() == 1);
  CHECK(std::get<key_set>(read).skipped.size() == 2);
  CHECK(std::holds_alternative<std::string>(parse_key_set("{}")));
  CHECK(std::holds_alternative<std::string>(parse_key_set("not json")));
  json many{{"keys", json::array()}};
  for (std::size_t i = 0; i <= max_keys_per_set; ++i) many["keys"].push_back(set["keys"][0]);
  CHECK(std::holds_alternative<std::string>(parse_key_set(many.dump())));
}

TEST_CASE("an EdDSA signature of RFC 8037 is verified", "[auth][jws]") {
  // RFC 8037, appendix A.2 and A.4
  auto keys = keys_of(verification_key::from_jwk(
      R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"));
  std::string token =
      "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
  auto outcome = verify_jws(token, keys);
  REQUIRE(std::holds_alternative<std::string>(outcome));
  CHECK(std::get<std::string>(outcome) == "Example of Ed25519 signing");
  token[token.size() - 3] ^= 1;
  CHECK(std::holds_alternative<jws_error>(verify_jws(token, keys)));
}

TEST_CASE("every signature vector of Wycheproof gets the right answer", "[auth][jws][wycheproof]") {
  std::ifstream file{WEIR_SOURCE_DIR "/../shared/data/wycheproof/json_web_signature_test.json"};
  if (!file) SKIP("the vectors are not there: ../shared/data/wycheproof/json_web_signature_test.json");
  auto vectors = json::parse(file);
  // Vectors that are given as valid, and are laxer than RFC 7515 or than what a token may do here.
  const std::map<int, std::string> refused_here{
      {346, "the key's `alg` is PS256, the token's is PS384"},
      {347, "the key's `alg` is `ES521`, which is no registered name"},
      {350, "the key's `alg` is PS256, the token's is PS384"},
      {351, "the key's `alg` is `ES521`, which is no registered name"},
      {372, "`?` is no character of base64url"},
      {373, "`?` is no character of base64url"},
  };
  // Given as invalid, yet the same bytes as the valid vector 357.
  const std::set<int> same_as_a_valid_one{367, 370};
  std::size_t tried = 0;
  for (const auto& group : vectors["testGroups"]) {
    auto key = group.contains("public") ? group["public"] : group["private"];
    for (const auto& vector : group["tests"]) {
      auto id = vector["tcId"].get<int>();
      INFO("vector " << id << ": " << vector["comment"]);
      auto expected =
          (vector["result"] == "valid" && refused_here.count(id) == 0) || same_as_a_valid_one.count(id) == 1;
      CHECK(accepts(key, vector["jws"]) == expected);
      ++tried;
      auto alg_of_key_is_wrong = id == 346 || id == 347 || id == 350 || id == 351;
      if (alg_of_key_is_wrong) {
        auto without = key;
        without.erase("alg");
        CHECK(accepts(without, vector["jws"]));
      }
    }
  }
  CHECK(tried == vectors["numberOfTests"].get<std::size_t>());
}
