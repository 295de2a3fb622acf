#include "net/auth/request_identity.hpp"

#include "actors/auth/jws.hpp"
#include "testing/fixture.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

const std::string secret = "0123456789abcdef0123456789abcdef";
constexpr std::int64_t now_s = 1'800'000'000;

http_request with(std::vector<http_field> fields, std::string query = {}) {
  http_request out;
  out.fields = std::move(fields);
  out.query = std::move(query);
  return out;
}

} // namespace

TEST_CASE("a token comes as a bearer token or as a subprotocol, never in the query", "[auth][http]") {
  CHECK(token_of(with({{"authorization", "Bearer abc"}})) == "abc");
  CHECK(token_of(with({{"authorization", "bEaReR   abc "}})) == "abc");
  CHECK(token_of(with({{"authorization", "Basic abc"}})).empty());
  CHECK(token_of(with({{"authorization", "Bearer"}})).empty());
  CHECK(token_of(with({{"sec-websocket-protocol", "weir.v1, weir.token.abc"}})) == "abc");
  CHECK(token_of(with({{"sec-websocket-protocol", "weir.v1"}, {"sec-websocket-protocol", "weir.token.abc"}}))
        == "abc");
  CHECK(token_of(with({{"sec-websocket-protocol", "weir.token.abc"}, {"authorization", "Bearer x"}})) == "x");
  CHECK(token_of(with({}, "token=abc&access_token=abc")).empty());
}

TEST_CASE_METHOD(test::fixture, "a request with a token that is not accepted is answered with 401",
                 "[auth][http]") {
  authenticator::config settings;
  settings.mode = authenticator::mode::jwt;
  settings.keys = {
      std::get<auth::verification_key>(auth::verification_key::from_secret(secret, auth::algorithm::hs256))};
  authenticator authentication{sys, settings};
  auto bad = with({{"authorization", "Bearer x"}});
  auto no = identify_request(authentication, bad, now_s * 1000);
  REQUIRE(no);
  CHECK(no->status == 401);
  CHECK_FALSE(bad.identity);
  auto token = auth::sign_jws(R"({"sub":"alice","ns":"demo","exp":)" + std::to_string(now_s + 60) + "}",
                              auth::algorithm::hs256, secret);
  auto good = with({{"authorization", "Bearer " + token}});
  CHECK_FALSE(identify_request(authentication, good, now_s * 1000));
  REQUIRE(good.identity);
  CHECK(good.identity->client_id == "alice");
  auto none = with({});
  CHECK_FALSE(identify_request(authentication, none, now_s * 1000));
  CHECK_FALSE(none.identity);
}
