// The documentation is tried: its JSON is read by what it is written for.
#include "apps/weir/config/load.hpp"
#include "apps/weir/config/node_schema.hpp"
#include "net/wire/decode.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;

namespace {

struct example {
  std::string where; ///< `docs/x.md:12`
  std::string language;
  std::string text;
};

/// The fenced blocks of a page.
std::vector<example> examples_of(const std::filesystem::path& page) {
  std::vector<example> out;
  std::ifstream in(page);
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(in, line); ++number) {
    auto begin = line.find_first_not_of(' ');
    if (begin != std::string::npos && line.compare(begin, 3, "```") == 0) {
      inside = !inside;
      if (inside)
        out.push_back({page.filename().string() + ':' + std::to_string(number), line.substr(begin + 3), {}});
    } else if (inside) {
      out.back().text += line + '\n';
    }
  }
  return out;
}

std::vector<example> all_examples() {
  std::filesystem::path root{WEIR_SOURCE_DIR};
  auto out = examples_of(root / "README.md");
  for (auto& page : std::filesystem::directory_iterator{root / "docs"})
    if (page.path().extension() == ".md")
      for (auto& x : examples_of(page.path())) out.push_back(std::move(x));
  return out;
}

bool is_section(const std::string& key) {
  for (auto* section : {"node", "listen", "admin", "metrics", "auth", "session", "store", "cluster", "limits",
                        "namespaces", "models", "agents", "workflows", "plugins", "log"})
    if (key == section) return true;
  return false;
}

/// Whether it is a configuration: an object of nothing but its sections.
bool is_configuration(const nlohmann::json& x) {
  if (!x.is_object() || x.empty()) return false;
  for (auto& [key, value] : x.items())
    if (!is_section(key)) return false;
  return true;
}

} // namespace

TEST_CASE("the configurations in the documentation are taken", "[config][docs]") {
  auto kinds = agent_registry::with_builtins();
  int seen = 0;
  for (auto& x : all_examples()) {
    if (x.language != "json" && x.language != "jsonc") continue;
    auto parsed = nlohmann::json::parse(x.text, nullptr, false, true);
    INFO(x.where << '\n' << x.text);
    if (!is_configuration(parsed)) continue;
    ++seen;
    auto got = parse_config(x.text, {}, [&kinds](auto&) { return known_kinds{kinds, false}; });
    if (auto* wrong = std::get_if<config_errors>(&got))
      for (auto& line : wrong->lines) FAIL_CHECK(line);
  }
  CHECK(seen > 0);
}
