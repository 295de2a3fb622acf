#include "net/http/http_access.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

http_request from(std::string host, std::string origin = {}) {
  http_request out;
  out.method = "GET";
  out.host = std::move(host);
  if (!origin.empty()) out.fields.push_back({"origin", std::move(origin)});
  return out;
}

unsigned status_of(const http_access& x, const http_request& request) {
  auto no = x.check(request);
  return no ? no->status : 200;
}

std::string value_of(const std::vector<http_field>& fields, const std::string& name) {
  for (auto& x : fields)
    if (x.name == name) return x.value;
  return {};
}

} // namespace

TEST_CASE("on loopback a name that was bound to it anew is not answered to", "[http]") {
  http_access x;
  for (auto* host : {"localhost", "localhost:8080", "localhost.", "127.0.0.1", "127.0.0.1:8080", "[::1]",
                     "[::1]:1", "10.0.0.1", ""}) {
    INFO(host);
    CHECK(status_of(x, from(host)) == 200);
  }
  for (auto* host :
       {"evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "x"}) {
    INFO(host);
    CHECK(status_of(x, from(host)) == 421);
  }
  http_access open{{{}, {}, false}};
  CHECK(status_of(open, from("weir.example.com")) == 200);
}

TEST_CASE("with hosts configured only these are answered to", "[http]") {
  http_access x{{{}, {"Weir.example.com", "other:8443"}, true}};
  CHECK(status_of(x, from("weir.example.com")) == 200);
  CHECK(status_of(x, from("weir.example.com:8080")) == 200);
  CHECK(status_of(x, from("other:8443")) == 200);
  CHECK(status_of(x, from("other")) == 421);
  CHECK(status_of(x, from("localhost")) == 421);
}

TEST_CASE("without origins configured a page comes in only from the request's own host", "[http]") {
  http_access x;
  CHECK(status_of(x, from("localhost:8080", "http://localhost:8080")) == 200);
  CHECK(status_of(x, from("localhost:8080", "HTTP://LOCALHOST:8080")) == 200);
  CHECK(status_of(x, from("localhost", "http://localhost")) == 200);
  CHECK(status_of(x, from("localhost", "https://localhost:443")) == 200);
  CHECK(status_of(x, from("[::1]:80", "http://[::1]")) == 200);
  for (auto* origin :
       {"http://evil.example", "http://localhost", "http://localhost:8081", "https://127.0.0.1:8080", "null",
        "localhost:8080", "http://", "http://localhost:8080.evil.example"}) {
    INFO(origin);
    CHECK(status_of(x, from("localhost:8080", origin)) == 403);
  }
  auto two = from("localhost", "http://localhost");
  two.fields.push_back(two.fields.front());
  CHECK(status_of(x, two) == 403);
}

TEST_CASE("with origins configured only these come in, and their answers say so", "[http]") {
  http_access x{{{"https://app.example.com/"}, {}, true}};
  auto good = from("localhost", "https://app.example.com"), bad = from("localhost", "http://localhost");
  CHECK(status_of(x, good) == 200);
  CHECK(status_of(x, bad) == 403);
  auto fields = x.cors_fields(good);
  CHECK(value_of(fields, "access-control-allow-origin") == "https://app.example.com");
  CHECK(value_of(fields, "access-control-allow-credentials") == "true");
  CHECK(value_of(fields, "vary") == "origin");
  CHECK(x.cors_fields(from("localhost")).empty());
}

TEST_CASE("any origin never goes with credentials", "[http]") {
  http_access x{{{"*"}, {}, true}};
  auto any = from("localhost", "null");
  CHECK(status_of(x, any) == 200);
  CHECK(value_of(x.cors_fields(any), "access-control-allow-origin") == "*");
  CHECK(value_of(x.cors_fields(any), "access-control-allow-credentials").empty());
}

TEST_CASE("a preflight is told the path's methods and the fields that it asked for", "[http]") {
  http_access x;
  auto asks = from("localhost", "http://localhost");
  asks.method = "OPTIONS";
  CHECK_FALSE(http_access::is_preflight(asks));
  asks.fields.push_back({"access-control-request-method", "POST"});
  asks.fields.push_back({"access-control-request-headers", "Authorization, x-a, b\r\nc"});
  CHECK(http_access::is_preflight(asks));
  auto reply = x.preflight(asks, "GET, HEAD, OPTIONS");
  CHECK(reply.status == 204);
  CHECK(value_of(reply.fields, "access-control-allow-methods") == "GET, HEAD, OPTIONS");
  CHECK(value_of(reply.fields, "access-control-allow-headers") == "authorization, x-a");
}
