#include "tests/support/fake_exchange.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;

namespace {

/// Answers with its name and its parameters.
void add(http_service& to, const std::string& method, const std::string& pattern) {
  http_route made;
  made.method = method;
  made.pattern = pattern;
  made.handle = [method, pattern](const std::shared_ptr<http_exchange>& x) {
    auto text = method + ' ' + pattern;
    for (auto& param : x->request().params) text += " [" + param + ']';
    x->reply({200, "text/plain", text, {}, 0, {}});
  };
  to.routes.add(std::move(made));
}

http_request options(std::string target) {
  auto out = http_get(std::move(target));
  out.method = "OPTIONS";
  return out;
}

std::string field_of(const http_reply& x, const std::string& name) {
  for (auto& y : x.fields)
    if (y.name == name) return y.value;
  return {};
}

} // namespace

TEST_CASE("a request goes to the route whose pattern says most about its path", "[http]") {
  http_service service;
  add(service, "GET", "/a/{x…}");
  add(service, "GET", "/a/{x}");
  add(service, "GET", "/a/b");
  add(service, "POST", "/a/{x}");
  add(service, "GET", "/a/{x}/c/{y}");
  add(service, "GET", "/");
  auto answer = [&](const char* target) { return answer_of(service, http_get(target)).body; };
  CHECK(answer("/") == "GET /");
  CHECK(answer("/a/b") == "GET /a/b");
  CHECK(answer("/a/z?b") == "GET /a/{x} [z]");
  CHECK(answer("/a/%62%20c") == "GET /a/{x} [b c]");
  CHECK(answer("/a/1/c/2") == "GET /a/{x}/c/{y} [1] [2]");
  CHECK(answer("/a/1/d/2/") == "GET /a/{x…} [1/d/2/]");
  CHECK(answer_of(service, http_post("/a/z", "{}")).body == "POST /a/{x} [z]");
}

TEST_CASE("what no route takes is told why", "[http]") {
  http_service service;
  add(service, "GET", "/a/{x}");
  add(service, "POST", "/a/{x}");
  add(service, "GET", "/b");
  auto status = [&](http_request x) { return answer_of(service, std::move(x)).status; };
  for (auto* target : {"/a", "/a/", "/a/b/c", "/c", "/b/", "//b", "/A/x"}) {
    INFO(target);
    CHECK(status(http_get(target)) == 404);
  }
  for (auto* target : {"/a/%", "/a/%4", "/a/%zz", "/a/%ff", "/a/%00", "/a/%0a", "/%c3"}) {
    INFO(target);
    CHECK(status(http_get(target)) == 400);
  }
  auto no = answer_of(service, http_post("/b", "{}"));
  CHECK(no.status == 405);
  CHECK(field_of(no, "allow") == "GET, HEAD, OPTIONS");
}

TEST_CASE("a path tells its methods", "[http]") {
  http_service service;
  add(service, "GET", "/a");
  add(service, "POST", "/a");
  auto told = answer_of(service, options("/a"));
  CHECK(told.status == 204);
  CHECK(field_of(told, "allow") == "GET, HEAD, POST, OPTIONS");
  CHECK(answer_of(service, options("*")).status == 204);
  CHECK(answer_of(service, options("/b")).status == 404);
}

TEST_CASE("a route's guard is asked before its body is read", "[http]") {
  http_service service;
  http_route made;
  made.method = "POST";
  made.pattern = "/a/{x}";
  made.handle = [](const std::shared_ptr<http_exchange>& x) { x->reply({}); };
  made.guard = [](const http_request& x) -> std::optional<http_reply> {
    if (x.params.at(0) == "open") return std::nullopt;
    return error_reply(401, "unauthenticated", "no");
  };
  service.routes.add(std::move(made));
  CHECK(answer_of(service, http_post("/a/open", "1")).status == 200);
  CHECK(answer_of(service, http_post("/a/shut", "1")).status == 401);
}
