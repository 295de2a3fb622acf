#include "actors/core/url.hpp"

#include "actors/cluster/links/node_address.hpp"
#include "actors/store/redis/redis_url.hpp"
#include "apps/weir/config/rules.hpp"
#include "net/openai/openai_url.hpp"

#include <catch2/catch_test_macros.hpp>

#include <vector>

using namespace weir;

namespace {

std::string why_not(std::string_view text) {
  auto got = parse_server_url(text, {"http", "https"});
  auto* wrong = std::get_if<std::string>(&got);
  return wrong != nullptr ? *wrong : "";
}

std::string why_no_host(std::string_view text) {
  auto got = parse_host_port(text);
  auto* wrong = std::get_if<std::string>(&got);
  return wrong != nullptr ? *wrong : "";
}

} // namespace

TEST_CASE("a host is a name or an IP address, with a port or without") {
  struct row {
    const char *text, *host;
    int port;
  };
  const row rows[]{
      {"localhost", "localhost", -1},
      {"127.0.0.1:80", "127.0.0.1", 80},
      {"[::1]:80", "::1", 80},
      {"[fe80::1%eth0]", "fe80::1%eth0", -1},
      {"my_host-2.internal:0", "my_host-2.internal", 0},
  };
  for (auto& x : rows) {
    INFO(x.text);
    auto got = parse_host_port(x.text);
    REQUIRE(std::holds_alternative<host_port>(got));
    auto& at = std::get<host_port>(got);
    CHECK(at.host == x.host);
    CHECK(at.port.has_value() == (x.port >= 0));
    if (x.port >= 0) CHECK(*at.port == x.port);
    CHECK(to_string(at) == x.text);
  }
}

TEST_CASE("what is no host, or no port, is refused by everybody who reads one") {
  const std::string long_name(254, 'x');
  for (auto* text : {"",
                     ":",
                     ":80",
                     "[::1",
                     "[::1]x",
                     "[::1]80",
                     "[]:80",
                     "[127.0.0.1]:80",
                     "[::g]:80",
                     "[::1%]:80",
                     "::1",
                     "::1:80",
                     "a b:80",
                     "a/b:80",
                     "a@b:80",
                     "a[b]:80",
                     "]:80",
                     "a]:80",
                     "a%62:80",
                     "a?b:80",
                     "a#b:80",
                     "a\\b:80",
                     "\xc3\xa4:80",
                     "a:80:90",
                     "a:",
                     "a:x",
                     "a:-1",
                     "a:+1",
                     "a:65536",
                     "a: 80",
                     "a:80 ",
                     "a:99999999999",
                     long_name.c_str()}) {
    INFO(text);
    CHECK_FALSE(why_no_host(text).empty());
    CHECK_FALSE(parse_node_address(text));
    CHECK_FALSE(check_seed_address(text).empty());
    // In a URL an @ ends the user, and a slash the host.
    if (std::string{text}.find_first_of("@/") != std::string::npos) continue;
    CHECK_FALSE(why_not(std::string{"http://"} + text + "/v1").empty());
    CHECK(std::holds_alternative<std::string>(parse_redis_url(std::string{"redis://"} + text)));
  }
}

TEST_CASE("the configuration takes a model's URL if and only if the node does") {
  for (auto* text : {"http://h",
                     "https://h/v1",
                     "http://[::1]/v1",
                     "HTTP://h/v1",
                     "http://[::1/v1",
                     "http://::1/v1",
                     "http://h:0/v1",
                     "http://h:/v1",
                     "http://h:65536",
                     "http://u@h/v1",
                     "http://@h/v1",
                     "http://u:p@h/v1",
                     "http:///v1",
                     "http:/h",
                     "http://",
                     "http://h/@v1",
                     "http://h/v1?x",
                     "http://h/v1#x",
                     "http://h/a b",
                     "http://a,b/",
                     "ftp://h",
                     "h",
                     "",
                     "http://h/\xff"}) {
    INFO(text);
    CHECK(check_model_url(text).empty() == std::holds_alternative<openai_endpoint>(parse_openai_url(text)));
  }
  CHECK(check_model_url("http://[::1/v1") == "the host has a [ without a ]");
  CHECK(check_model_url("http://h:0/v1") == "the port must be 1 to 65535");
  CHECK(check_model_url("HTTP://h/v1").empty()); // RFC 3986, 3.1
}

TEST_CASE("what is wrong with a URL is said without the password that may be in it") {
  for (auto* text : {"http://u:hunter2@", "http://u:hunter2@h:x", "http://u:hunter2@[::1",
                     "ftp://u:hunter2@h", "http://u:hunter2%z@h", "http://u:hunter2@h?x"}) {
    INFO(text);
    CHECK_FALSE(why_not(text).empty());
    CHECK(why_not(text).find("hunter2") == std::string::npos);
  }
}

TEST_CASE("a URL is printed without its password") {
  CHECK(mask_url("redis://a:1/2") == "redis://a:1/2");
  CHECK(mask_url("redis://me@a") == "redis://me@a");
  CHECK(mask_url("redis://me:secret@a:1/2") == "redis://me:***@a:1/2");
  CHECK(mask_url("redis://:se@cr:et@a") == "redis://:***@a");
  CHECK(mask_url("redis://:@a") == "redis://:***@a");
  CHECK(mask_url("") == "");
}
