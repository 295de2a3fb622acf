#include "net/http/admin_routes.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

http_request get(std::string path, std::string query = {}) {
  return {"GET", std::move(path), std::move(query), {}, {}};
}

admin_query query_of(const http_request& what, const std::string& token = {}) {
  return std::get<admin_query>(admin_route(what, token));
}

unsigned status_of(const http_request& what, const std::string& token = {}) {
  return std::get<http_reply>(admin_route(what, token)).status;
}

} // namespace

TEST_CASE("admin paths ask the host") {
  CHECK(query_of(get("/v1/admin/namespaces")).ns.empty());
  auto one = query_of(get("/v1/admin/namespaces/demo"));
  CHECK(one.ns == "demo");
  CHECK(one.what == admin_query::verb::report);
  auto dead = query_of(get("/v1/admin/namespaces/demo/dead", "limit=7"));
  CHECK(dead.what == admin_query::verb::dead_letters);
  CHECK(dead.limit == 7);
  CHECK(query_of(get("/v1/admin/namespaces/demo/dead")).limit == 100);
  auto runs = query_of(get("/v1/admin/namespaces/demo/runs", "limit=8"));
  CHECK(runs.what == admin_query::verb::runs);
  CHECK(runs.limit == 8);
  auto retry = query_of({"POST", "/v1/admin/namespaces/demo/dead/retry", {}, R"({"event_id":"a/m"})", {}});
  CHECK(retry.what == admin_query::verb::retry);
  CHECK(retry.event_id == "a/m");
}

TEST_CASE("the nodes of the cluster can be asked for") {
  CHECK(query_of(get("/v1/admin/nodes")).what == admin_query::verb::nodes);
  CHECK(status_of({"POST", "/v1/admin/nodes", {}, {}, {}}) == 405);
  CHECK(status_of(get("/v1/admin/nodes"), "secret") == 401);
}

TEST_CASE("a node is told to drain") {
  auto drain = [](const std::string& body) {
    return admin_route({"POST", "/v1/admin/drain", {}, body, {}}, {});
  };
  CHECK(std::get<admin_drain>(drain("")).node.empty());
  CHECK(std::get<admin_drain>(drain("{}")).node.empty());
  CHECK(std::get<admin_drain>(drain(R"({"node":"n2"})")).node == "n2");
  for (auto* body : {"[]", "{", R"({"node":2})"}) CHECK(std::get<http_reply>(drain(body)).status == 400);
  CHECK(status_of(get("/v1/admin/drain")) == 405);
  CHECK(status_of({"POST", "/v1/admin/drain", {}, {}, {}}, "secret") == 401);
  CHECK(drain_reply("n1").status == 200);
}

TEST_CASE("an admin request that is wrong is told so at once") {
  CHECK(status_of(get("/v1/admin/other")) == 404);
  CHECK(status_of(get("/v1/admin/namespaces/demo/other")) == 404);
  CHECK(status_of({"POST", "/v1/admin/namespaces", {}, {}, {}}) == 405);
  CHECK(status_of(get("/v1/admin/namespaces/demo/dead/retry")) == 405);
  for (auto* query : {"limit=0", "limit=1001", "limit=x", "limit=", "other=1"})
    CHECK(status_of(get("/v1/admin/namespaces/demo/dead", query)) == 400);
  for (auto* body : {"", "[]", "{}", R"({"event_id":1})"})
    CHECK(status_of({"POST", "/v1/admin/namespaces/demo/dead/retry", {}, body, {}}) == 400);
}

TEST_CASE("with a token set, only who bears it is heard") {
  auto what = get("/v1/admin/namespaces");
  CHECK(status_of(what, "secret") == 401);
  what.authorization = "Bearer secre";
  CHECK(status_of(what, "secret") == 401);
  what.authorization = "Bearer secret";
  CHECK(query_of(what, "secret").ns.empty());
}
