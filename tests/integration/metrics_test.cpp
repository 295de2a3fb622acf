// What a node under some traffic tells at /metrics.

#include "net/client/http_client.hpp"
#include "tests/integration/client.hpp"
#include "tests/support/dashboard.hpp"
#include "tests/support/shell.hpp"

#include <catch2/catch_message.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace weir::test;

namespace {

std::string metrics_of(const node_process& node) {
  return weir::http_fetch(node.admin_url(), "GET", "/metrics", {}, {}, 5s).body;
}

/// The value of a series; -1: there is none.
double value_of(const std::string& page, const std::string& series) {
  auto at = page.find('\n' + series + ' ');
  return at == std::string::npos ? -1 : std::stod(page.substr(at + series.size() + 2));
}

} // namespace

namespace {

/// The program that `scripts/setup --test` brings, or the machine's own; empty: there is none.
std::string promtool() {
  auto* cache = std::getenv("XDG_CACHE_HOME");
  auto* home = std::getenv("HOME");
  auto folder = cache != nullptr ? std::string{cache} : std::string{home == nullptr ? "" : home} + "/.cache";
  for (auto path : {folder + "/weir/tools/promtool", std::string{"/usr/bin/promtool"}})
    if (std::filesystem::exists(path)) return path;
  return {};
}

/// What it has to say of a page; empty: nothing is wrong.
std::string lint(const std::string& page, const std::string& folder) {
  auto in = folder + "/metrics.txt";
  std::ofstream{in} << page;
  auto got = shell(promtool() + " check metrics < " + in + " 2>&1");
  return got.status == 0 ? got.out : got.out + "(status " + std::to_string(got.status) + ")";
}

} // namespace

TEST_CASE("the metrics of a node are in order for promtool") {
  if (promtool().empty()) SKIP("promtool is missing: scripts/setup --test brings it");
  node_process node(R"({"listen":{"metrics":true}, "models":{"default":{"simulated":{}}},
                        "agents":{"assistant":{}}, "namespaces":{"demo":{"agents":["assistant"]}}})");
  node.start();
  client alice(node, "alice");
  alice.publish("a", "m1");
  alice.send({{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "How deep?"}});
  REQUIRE(alice.await("result")["status"] == "complete");
  CHECK(lint(metrics_of(node), node.folder()).empty());
  auto same = weir::http_fetch(node.url(), "GET", "/metrics", {}, {}, 5s);
  CHECK(same.status == 200);
  CHECK(lint(same.body, node.folder()).empty());
  CHECK_FALSE(lint("# HELP a b\n# TYPE a counter\na 1\n", node.folder()).empty()); // it does check
}

TEST_CASE("a node under traffic tells what the dashboard asks for, and how long each stage took") {
  node_process node(R"({"models":{"default":{"simulated":{}}}, "agents":{"assistant":{}},
                        "namespaces":{"demo":{"agents":["assistant"]}},
                        "metrics":{"namespace_histograms":true}})");
  node.start();
  client alice(node, "alice"), bob(node, "bob");
  REQUIRE(bob.subscribe("a")["op"] == "ok");
  for (int i = 0; i < 10; ++i) alice.publish("a", "m" + std::to_string(i));
  for (int i = 0; i < 10; ++i) REQUIRE(bob.await("event")["op"] == "event");
  alice.publish("a", "m1", "something else");
  REQUIRE(alice.await("error")["reason"] == "conflict");
  alice.send({{"op", "call"}, {"target", "assistant"}, {"message_id", "c1"}, {"input", "How deep?"}});
  REQUIRE(alice.await("result")["status"] == "complete");

  // Its worker says that it is free, and its run that it is over, a moment after its caller has the result.
  auto page = metrics_of(node);
  auto has = [&page](const std::string& series) { return page.find(series) != std::string::npos; };
  for (int i = 0; i < 200 && !(has("weir_model_calls_total{") && has("weir_runs_finished_total{")); ++i) {
    std::this_thread::sleep_for(10ms);
    page = metrics_of(node);
  }
  // These come with what did not happen here, or with other nodes.
  std::set<std::string> troubles{"weir_store_errors_total", "weir_usage_refused_total"};
  auto of_others = [](const std::string& name) {
    return name.starts_with("weir_cluster_") || name.starts_with("weir_remote_");
  };
  for (auto& name : dashboard::load().metrics()) {
    INFO(name);
    CHECK((troubles.count(name) > 0 || of_others(name)
           || page.find("# TYPE " + name + ' ') != std::string::npos));
  }
  auto count = [&](const std::string& family, const std::string& labels) {
    return value_of(page, "weir_" + family + "_seconds_count{" + labels + '}');
  };
  CHECK(count("event_stage", R"(namespace="demo",stage="accepted")") >= 11);
  for (std::string stage : {"kept", "fanned_out", "written"})
    CHECK(count("event_stage", R"(namespace="demo",stage=")" + stage + '"') >= 1);
  for (std::string stage : {"queued", "first_piece", "done"})
    CHECK(count("model_stage", R"(model="default",namespace="demo",stage=")" + stage + '"') == 1);
  CHECK(value_of(page, R"(weir_events_refused_total{namespace="demo",reason="conflict"})") == 1);
  CHECK(value_of(page, R"(weir_runs{namespace="demo"})") == 0);
  CHECK(value_of(page, R"(weir_runs_finished_total{namespace="demo",status="complete"})") == 1);
  CHECK(value_of(page, R"(weir_limit{limit="relay_credit"})") == 1024);
  CHECK(value_of(page, "weir_net_outbound_frames") == 0);
}
