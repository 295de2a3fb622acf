#include "net/openai/openai_url.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("URLs are taken apart, or refused with what is wrong") {
  struct row {
    const char *url, *host, *port, *target;
    bool tls = false;
  };
  const row good[]{
      {"http://127.0.0.1:9000/v1", "127.0.0.1", "9000", "/v1/chat/completions"},
      {"http://models/", "models", "80", "/chat/completions"},
      {"http://[::1]:81/a/b/", "::1", "81", "/a/b/chat/completions"},
      {"http://[::1]", "::1", "80", "/chat/completions"},
      {"https://api.example/v1", "api.example", "443", "/v1/chat/completions", true},
      {"https://[::1]:8443", "::1", "8443", "/chat/completions", true},
  };
  for (auto& row : good) {
    INFO(row.url);
    auto x = parse_openai_url(row.url);
    REQUIRE(std::holds_alternative<openai_endpoint>(x));
    auto& where = std::get<openai_endpoint>(x);
    CHECK(where.tls == row.tls);
    CHECK(where.host == row.host);
    CHECK(where.port == row.port);
    CHECK(where.target == row.target);
  }
  const std::pair<const char*, const char*> bad[]{
      {"models:80", "must begin"},
      {"httpss://models", "must begin"},
      {"http://", "the host is missing"},
      {"https:///v1", "the host is missing"},
      {"http://m:99999", "port"},
      {"http://m:", "port"},
      {"http://u:p@m/", "credentials"},
      {"http://m/v1?x=1", "no query"},
      {"http://m/\r\nX: y", "control characters"},
      {"http://[::1/v1", "a [ without a ]"},
  };
  for (auto& row : bad) {
    INFO(row.first);
    auto x = parse_openai_url(row.first);
    REQUIRE(std::holds_alternative<std::string>(x));
    CHECK(std::get<std::string>(x).find(row.second) != std::string::npos);
  }
}
