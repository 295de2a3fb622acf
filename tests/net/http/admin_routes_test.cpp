#include "net/http/admin_routes.hpp"
#include "tests/support/fake_exchange.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using namespace weir::test;

namespace {

/// The admin calls, before a host that keeps what it is asked and answers `{}`.
struct admin_calls {
  explicit admin_calls(std::string token = {}) {
    admin_port port;
    port.ask = [this](admin_query what, const std::function<void(http_reply)>& done) {
      asked = std::move(what);
      done(json_reply("{}\n"));
    };
    port.drain = [this] { ++drained; };
    port.copy_store = [](std::function<void(http_reply)> done) { done(json_reply(R"({"file":"f"})")); };
    port.node_name = "n1";
    add_admin_routes(service.routes, std::move(port), [token = std::move(token)] {
      return admin_tokens{token, {}};
    });
  }

  admin_query query_of(http_request x) {
    asked.reset();
    CHECK(answer_of(service, std::move(x)).status == 200);
    REQUIRE(asked);
    return *asked;
  }

  unsigned status_of(http_request x) { return answer_of(service, std::move(x)).status; }

  http_service service;
  std::optional<admin_query> asked;
  int drained = 0;
};

} // namespace

TEST_CASE("admin paths ask the host") {
  admin_calls x;
  CHECK(x.query_of(http_get("/v1/admin/namespaces")).ns.empty());
  auto one = x.query_of(http_get("/v1/admin/namespaces/demo"));
  CHECK(one.ns == "demo");
  CHECK(one.what == admin_query::verb::report);
  auto dead = x.query_of(http_get("/v1/admin/namespaces/demo/dead?limit=7"));
  CHECK(dead.what == admin_query::verb::dead_letters);
  CHECK(dead.limit == 7);
  CHECK(x.query_of(http_get("/v1/admin/namespaces/demo/dead")).limit == 100);
  auto runs = x.query_of(http_get("/v1/admin/namespaces/demo/runs?limit=8"));
  CHECK(runs.what == admin_query::verb::runs);
  CHECK(runs.limit == 8);
  auto retry = x.query_of(http_post("/v1/admin/namespaces/demo/dead/retry", R"({"event_id":"a/m"})"));
  CHECK(retry.what == admin_query::verb::retry);
  CHECK(retry.event_id == "a/m");
  CHECK(x.query_of(http_get("/v1/admin/nodes")).what == admin_query::verb::nodes);
}

TEST_CASE("agents are listed and started again, of one namespace or of all") {
  admin_calls x;
  auto all = x.query_of(http_get("/v1/admin/agents"));
  CHECK(all.what == admin_query::verb::agents);
  CHECK(all.ns.empty());
  CHECK(x.query_of(http_get("/v1/admin/agents?namespace=demo")).ns == "demo");
  auto again = x.query_of(http_post("/v1/admin/agents/restart", R"({"agent":"greeter","namespace":"demo"})"));
  CHECK(again.what == admin_query::verb::restart);
  CHECK(again.agent == "greeter");
  CHECK(again.ns == "demo");
  CHECK(x.query_of(http_post("/v1/admin/agents/restart", R"({"agent":"greeter"})")).ns.empty());
  for (auto* wrong : {"", "[]", "{}", R"({"agent":7})", R"({"agent":"a","namespace":7})"})
    CHECK(x.status_of(http_post("/v1/admin/agents/restart", wrong)) == 400);
  CHECK(x.status_of(http_get("/v1/admin/agents?limit=7")) == 400);
  CHECK(x.status_of(http_get("/v1/admin/agents/restart")) == 405);
}

TEST_CASE("a namespace is deleted, and its log read, by its path") {
  admin_calls x;
  auto gone = http_get("/v1/admin/namespaces/demo");
  gone.method = "DELETE";
  auto asked = x.query_of(gone);
  CHECK(asked.what == admin_query::verb::remove);
  CHECK(asked.ns == "demo");
  CHECK(admin_calls{"secret"}.status_of(gone) == 401);
  auto part = x.query_of(http_get("/v1/admin/namespaces/demo/events?after_seq=7&limit=9"));
  CHECK(part.what == admin_query::verb::events);
  CHECK(part.after_seq == 7);
  CHECK(part.limit == 9);
  CHECK(x.query_of(http_get("/v1/admin/namespaces/demo/events")).limit == 100);
  for (std::string wrong : {"limit=0", "limit=1001", "after_seq=x", "after_seq", "other=1"})
    CHECK(x.status_of(http_get("/v1/admin/namespaces/demo/events?" + wrong)) == 400);
}

TEST_CASE("a node is told to drain, itself or another") {
  admin_calls x;
  for (auto* body : {"", "{}", R"({"node":"n1"})"})
    CHECK(x.status_of(http_post("/v1/admin/drain", body)) == 200);
  CHECK(x.drained == 3);
  auto other = x.query_of(http_post("/v1/admin/drain", R"({"node":"n2"})"));
  CHECK(other.what == admin_query::verb::drain);
  CHECK(other.node == "n2");
  for (auto* body : {"[]", "{", R"({"node":2})"})
    CHECK(x.status_of(http_post("/v1/admin/drain", body)) == 400);
  CHECK(x.status_of(http_get("/v1/admin/drain")) == 405);
  CHECK(x.drained == 3);
}

TEST_CASE("an admin request that is wrong is told so at once") {
  admin_calls x;
  CHECK(x.status_of(http_get("/v1/admin/other")) == 404);
  CHECK(x.status_of(http_get("/v1/admin/namespaces/demo/other")) == 404);
  CHECK(x.status_of(http_get("/v1/admin/namespaces/\xff")) == 400);
  CHECK(x.status_of(http_get("/v1/admin/namespaces/%ff")) == 400);
  CHECK(x.status_of(http_post("/v1/admin/namespaces", "")) == 405);
  CHECK(x.status_of(http_get("/v1/admin/namespaces/demo/dead/retry")) == 405);
  for (auto* query : {"limit=0", "limit=1001", "limit=x", "limit=", "other=1"})
    CHECK(x.status_of(http_get(std::string{"/v1/admin/namespaces/demo/dead?"} + query)) == 400);
  for (auto* body : {"", "[]", "{}", R"({"event_id":1})", "{\"event_id\":\"\xff\"}"})
    CHECK(x.status_of(http_post("/v1/admin/namespaces/demo/dead/retry", body)) == 400);
  CHECK_FALSE(x.asked);
}

TEST_CASE("calls that change something need the content type that no form of a foreign page can send") {
  admin_calls x;
  for (auto* type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""})
    CHECK(x.status_of(http_post("/v1/admin/drain", "{}", type)) == 415);
  CHECK(x.drained == 0);
  CHECK(x.status_of(http_post("/v1/admin/drain", "{}", "Application/JSON; charset=utf-8")) == 200);
}

TEST_CASE("with a token set, only who bears it is heard") {
  admin_calls x{"secret"};
  auto with = [](const char* authorization) {
    auto out = http_get("/v1/admin/namespaces");
    out.fields.push_back({"authorization", authorization});
    return out;
  };
  CHECK(x.status_of(http_get("/v1/admin/namespaces")) == 401);
  CHECK(x.status_of(http_get("/v1/admin/nodes")) == 401);
  CHECK(x.status_of(http_post("/v1/admin/drain", "")) == 401);
  CHECK(x.status_of(with("Bearer secre")) == 401);
  CHECK(x.query_of(with("Bearer secret")).ns.empty());
}
