#include "actors/runs/workflow/workflow_plan.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

TEST_CASE("every example of the documentation is a plan", "[workflows]") {
  std::ifstream file{WEIR_SOURCE_DIR "/docs/workflows.md"};
  std::stringstream text;
  text << file.rdbuf();
  auto page = text.str();
  const std::string fence = "```json\n";
  int found = 0;
  for (auto at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    auto example = page.substr(at, page.find("```", at) - at);
    INFO(example);
    auto read = weir::read_workflow("example", nlohmann::json::parse(example));
    if (auto* wrong = std::get_if<std::vector<weir::plan_problem>>(&read))
      FAIL_CHECK(wrong->at(0).path << ": " << wrong->at(0).message);
    ++found;
  }
  CHECK(found >= 10);
}
