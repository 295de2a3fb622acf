#include "net/http/request_rules.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

http_request request_of(std::string target, std::vector<http_field> fields = {{"host", "Example.com:80"}},
                        std::string method = "GET", unsigned version = 11) {
  http_request out;
  out.method = std::move(method);
  out.target = std::move(target);
  out.fields = std::move(fields);
  out.version = version;
  return out;
}

unsigned status_of(http_request x) {
  auto wrong = check_head(x);
  return wrong ? wrong->status : 200;
}

} // namespace

TEST_CASE("every form of a target leads to its path, query and host", "[http]") {
  struct row {
    const char *target, *path, *query, *host;
  };
  for (auto& x :
       {row{"/a/b?c=d?e", "/a/b", "c=d?e", "example.com:80"}, row{"/", "/", "", "example.com:80"},
        row{"/?", "/", "", "example.com:80"}, row{"http://Other/p?q", "/p", "q", "other"},
        row{"HTTPS://other:8443", "/", "", "other:8443"}, row{"http://[::1]:80?q", "/", "q", "[::1]:80"}}) {
    INFO(x.target);
    auto request = request_of(x.target);
    CHECK_FALSE(check_head(request));
    CHECK(request.path == x.path);
    CHECK(request.query == x.query);
    CHECK(request.host == x.host);
  }
}

TEST_CASE("a target that is none is malformed", "[http]") {
  for (auto* target : {"", "a", "a/b", "?a", "http://", "http:///a", "ftp://h/", "http://u@h/", "/a#b",
                       "/\xff", "/\x7f", "*", "http://h:port/", "http://[::1/", "http://[zz]/"}) {
    INFO(target);
    CHECK(status_of(request_of(target)) == 400);
  }
  CHECK(status_of(request_of("*", {{"host", "h"}}, "OPTIONS")) == 200);
  CHECK(status_of(request_of("h:80", {{"host", "h"}}, "CONNECT")) == 501);
}

TEST_CASE("HTTP/1.1 needs one Host, and it has to be one", "[http]") {
  CHECK(status_of(request_of("/", {})) == 400);
  CHECK(status_of(request_of("/", {}, "GET", 10)) == 200);
  CHECK(status_of(request_of("/", {{"host", "a"}, {"host", "a"}})) == 400);
  for (auto* host : {"", "a b", "a/b", "a:b", "a@b", "[::1", "[]", "a:123456", "\xc3\xa4"}) {
    INFO(host);
    CHECK(status_of(request_of("/", {{"host", host}})) == 400);
  }
  for (auto* host : {"a", "a:", "a:65535", "[::1]", "[::1]:8080", "127.0.0.1", "a-b.c_d"}) {
    INFO(host);
    CHECK(status_of(request_of("/", {{"host", host}})) == 200);
  }
}

TEST_CASE("how long a message is cannot be a matter of opinion", "[http]") {
  auto with = [](const char* coding, unsigned version = 11) {
    return status_of(request_of("/", {{"host", "h"}, {"transfer-encoding", coding}}, "POST", version));
  };
  CHECK(with("chunked") == 200);
  CHECK(with("Chunked") == 200);
  CHECK(with("chunked", 10) == 400);
  CHECK(with("gzip") == 400);
  CHECK(with("chunked, gzip") == 400);
  CHECK(with("chunked, chunked") == 400);
  CHECK(with("") == 400);
  CHECK(with("gzip, chunked") == 501);
}

TEST_CASE("only the one expectation that is known can be met", "[http]") {
  auto with = [](const char* value) {
    return status_of(request_of("/", {{"host", "h"}, {"expect", value}}));
  };
  CHECK(with("100-continue") == 200);
  CHECK(with("100-Continue") == 200);
  CHECK(with("coffee") == 417);
}
