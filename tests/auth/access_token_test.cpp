#include "actors/auth/access_token.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir::auth;
using nlohmann::json;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now_s = 1'800'000'000;

json claims(json more = json::object()) {
  json out{{"sub", "alice"}, {"exp", now_s + 60}};
  out.update(more);
  return out;
}

std::variant<access_claims, token_error> verify(const json& payload, const token_rules& rules = {}) {
  auto key = std::get<verification_key>(verification_key::from_secret(secret, algorithm::hs256));
  return verify_access_token(sign_jws(payload.dump(), algorithm::hs256, secret), {key}, rules, now_s * 1000);
}

access_claims accepted(const json& payload, const token_rules& rules = {}) {
  auto outcome = verify(payload, rules);
  if (auto* error = std::get_if<token_error>(&outcome)) FAIL(to_string(*error));
  return std::get<access_claims>(outcome);
}

token_error refused(const json& payload, const token_rules& rules = {}) {
  auto outcome = verify(payload, rules);
  REQUIRE(std::holds_alternative<token_error>(outcome));
  return std::get<token_error>(outcome);
}

} // namespace

TEST_CASE("a token says who comes, where to, until when and with which rights", "[auth][token]") {
  auto who = accepted(
      claims({{"ns", "demo"}, {"jti", "t1"}, {"iat", now_s}, {"weir", {{"publish", {"chat.{sub}"}}}}}));
  CHECK(who.client_id == "alice");
  CHECK(who.namespaces == std::vector<std::string>{"demo"});
  CHECK(who.expires_ms == (now_s + 60) * 1000);
  CHECK(who.issued_ms == now_s * 1000);
  CHECK(who.token_id == "t1");
  CHECK(who.may.publish == std::vector<std::string>{"chat.alice"});
  CHECK(who.only_namespace() == "demo");
}

TEST_CASE("a token enters the namespaces that it names", "[auth][token]") {
  CHECK(accepted(claims()).may_enter("main", "main"));
  CHECK_FALSE(accepted(claims()).may_enter("demo", "main"));
  CHECK_FALSE(accepted(claims()).may_enter("demo", ""));
  CHECK_FALSE(accepted(claims()).may_enter("", ""));
  CHECK(accepted(claims({{"ns", "*"}})).may_enter("demo", ""));
  CHECK(accepted(claims({{"ns", {"a", "b"}}})).may_enter("b", ""));
  CHECK_FALSE(accepted(claims({{"ns", {"a", "b"}}})).may_enter("c", "c"));
  CHECK(accepted(claims({{"ns", {"a", "b"}}})).only_namespace() == std::nullopt);
  CHECK(accepted(claims({{"ns", "*"}})).only_namespace() == std::nullopt);
}

TEST_CASE("a token without rights of its own has the default ones", "[auth][token]") {
  CHECK(accepted(claims()).may == rights::of_client());
  token_rules rules;
  rules.default_rights_json = R"({"subscribe":["news.>"]})";
  CHECK(accepted(claims(), rules).may.subscribe == std::vector<std::string>{"news.>"});
  CHECK(accepted(claims(), rules).may.publish.empty());
}

TEST_CASE("claims with a wrong or missing value are refused", "[auth][token]") {
  for (const auto& more : std::vector<json>{{{"sub", nullptr}},
                                            {{"sub", ""}},
                                            {{"sub", "a b"}},
                                            {{"sub", std::string(65, 'a')}},
                                            {{"sub", "sys"}},
                                            {{"sub", "agent:x"}},
                                            {{"sub", "anon:x"}},
                                            {{"sub", 7}},
                                            {{"exp", nullptr}},
                                            {{"exp", "soon"}},
                                            {{"exp", -1}},
                                            {{"exp", 1e300}},
                                            {{"iat", "now"}},
                                            {{"nbf", true}},
                                            {{"jti", 1}},
                                            {{"ns", 1}},
                                            {{"ns", ""}},
                                            {{"ns", json::array()}},
                                            {{"ns", {"a", 1}}},
                                            {{"weir", 1}},
                                            {{"weir", {{"fly", true}}}}}) {
    INFO(more.dump());
    CHECK(refused(claims(more)) == token_error::bad_claims);
  }
}

TEST_CASE("times are judged with the leeway", "[auth][token]") {
  token_rules rules;
  rules.leeway_s = 30;
  rules.max_ttl_s = 3600;
  CHECK(refused(claims({{"exp", now_s - 30}}), rules) == token_error::expired);
  accepted(claims({{"exp", now_s - 29}}), rules);
  CHECK(refused(claims({{"nbf", now_s + 31}}), rules) == token_error::not_yet_valid);
  accepted(claims({{"nbf", now_s + 30}}), rules);
  CHECK(refused(claims({{"iat", now_s + 31}}), rules) == token_error::not_yet_valid);
  CHECK(refused(claims({{"exp", now_s + 3631}}), rules) == token_error::lives_too_long);
  accepted(claims({{"exp", now_s + 3630}}), rules);
  CHECK(refused(claims({{"iat", now_s - 100}, {"exp", now_s + 3590}}), rules) == token_error::lives_too_long);
  accepted(claims({{"exp", now_s + 0.5}}), rules);
}

TEST_CASE("issuer and audience are compared where they are configured", "[auth][token]") {
  token_rules rules;
  rules.issuer = "https://issuer.example.com";
  rules.audience = "weir";
  CHECK(refused(claims({{"aud", "weir"}}), rules) == token_error::wrong_issuer);
  CHECK(refused(claims({{"iss", "https://other.example.com"}, {"aud", "weir"}}), rules)
        == token_error::wrong_issuer);
  CHECK(refused(claims({{"iss", rules.issuer}}), rules) == token_error::wrong_audience);
  CHECK(refused(claims({{"iss", rules.issuer}, {"aud", {"a", "b"}}}), rules) == token_error::wrong_audience);
  accepted(claims({{"iss", rules.issuer}, {"aud", {"a", "weir"}}}), rules);
  accepted(claims({{"iss", rules.issuer}, {"aud", "weir"}}), rules);
}

TEST_CASE("a payload that is not an object, and no token at all, are refused", "[auth][token]") {
  CHECK(refused(json::array()) == token_error::malformed);
  CHECK(std::get<token_error>(verify_access_token("", {}, {}, 0)) == token_error::missing);
}
