// The operators' commands against a real node.

#include "tests/integration/client.hpp"

#include "net/client/http_client.hpp"
#include "tests/support/shell.hpp"

using namespace weir::test;

TEST_CASE("operators see the namespaces and the dead letters of a node") {
  node_process node;
  node.start();
  client alice{node, "alice"};
  alice.publish("a", "m1");
  alice.await("ok");
  auto at = " --url " + node.admin_url();
  auto list = run("namespaces 2>&1" + at);
  CHECK(list.status == 0);
  auto demo = json::parse(list.out);
  CHECK(demo["name"] == "demo");
  CHECK(demo["seq"] == 1);
  CHECK(demo["clients"] == 1);
  auto none = run("dead 2>&1" + at);
  CHECK(none.status == 0);
  CHECK(none.out.empty());
  auto retry = run("dead --retry alice/m1 2>&1" + at);
  CHECK(retry.status == 1);
  CHECK(retry.out.find("no dead letter alice/m1") != std::string::npos);
  CHECK(run("dead --namespace other" + at).status == 1);
  CHECK(run("namespaces --url http://127.0.0.1:1").status == 1);
}

TEST_CASE("tail reads a log from its beginning") {
  node_process node;
  node.start();
  client alice{node, "alice"};
  for (int i = 1; i <= 3; ++i) alice.publish("a", "m" + std::to_string(i), i);
  alice.await([](const json& x) { return x["message_id"] == "m3"; });
  auto got = run("tail '>' --from 2 --count 2 --timeout-ms 5000 --url " + node.url());
  CHECK(got.status == 0);
  auto line = got.out.find('\n');
  CHECK(json::parse(got.out.substr(0, line))["seq"] == 2);
  CHECK(json::parse(got.out.substr(line))["seq"] == 3);
}

TEST_CASE("admin calls want the token that the environment holds") {
  setenv("WEIR_TEST_TOKEN", "secret", 1);
  node_process node{R"({"admin":{"token_env":"WEIR_TEST_TOKEN"}})"};
  node.start();
  unsetenv("WEIR_TEST_TOKEN");
  auto fetch = [&](const std::string& token) {
    return weir::http_fetch(node.admin_url(), "GET", "/v1/admin/namespaces", {}, token, 5s).status;
  };
  CHECK(fetch({}) == 401);
  CHECK(fetch("other") == 401);
  CHECK(fetch("secret") == 200);
}
