#include "tests/support/dashboard.hpp"

#include <catch2/catch_test_macros.hpp>

#include <set>

using weir::test::dashboard;
using weir::test::read_source;

TEST_CASE("every metric of the dashboard is in the operations page", "[docs]") {
  auto page = read_source("docs/operations.md");
  auto names = dashboard::load().metrics();
  CHECK(names.size() > 40);
  for (auto& name : names) {
    INFO(name);
    auto at = page.find('`' + name);
    REQUIRE(at != std::string::npos);
    auto next = page[at + 1 + name.size()];
    CHECK((next == '`' || next == '{')); // and not only as the beginning of another
  }
}

TEST_CASE("the dashboard can be imported, and has a panel for each question", "[docs]") {
  auto x = dashboard::load().json;
  CHECK(x.at("schemaVersion").get<int>() >= 36);
  CHECK_FALSE(x.contains("id")); // Grafana's own to give
  std::set<std::string> variables;
  for (auto& y : x.at("templating").at("list")) variables.insert(y.at("name").get<std::string>());
  CHECK(variables == std::set<std::string>{"datasource", "namespace"});
  std::set<int> ids;
  for (auto& panel : x.at("panels")) {
    INFO(panel.at("title").get<std::string>());
    CHECK(ids.insert(panel.at("id").get<int>()).second);
    auto place = panel.at("gridPos");
    CHECK(place.at("x").get<int>() + place.at("w").get<int>() <= 24);
    if (panel.at("type") == "row") continue;
    CHECK(panel.at("datasource").at("uid") == "${datasource}");
    CHECK_FALSE(panel.at("targets").empty());
  }
}
