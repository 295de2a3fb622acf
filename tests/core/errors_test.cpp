#include "actors/core/errors.hpp"

#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

using namespace weir;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path};
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

bool is_known(const std::string& reason) {
  for (auto& row : errors::catalogue())
    if (row.reason == reason) return true;
  return false;
}

} // namespace

TEST_CASE("the protocol's table of errors is the catalogue", "[errors]") {
  auto table = errors::describe();
  INFO("docs/protocol.md must contain:\n" << table);
  CHECK(read_file(WEIR_SOURCE_DIR "/docs/protocol.md").find("\n" + table + "\n") != std::string::npos);
}

TEST_CASE("the catalogue has each reason once, grouped by status", "[errors]") {
  std::set<std::string_view> reasons;
  std::set<code> closed;
  auto last = code::ok;
  for (auto& row : errors::catalogue()) {
    CHECK(reasons.insert(row.reason).second);
    CHECK_FALSE(row.meaning.empty());
    CHECK(row.says_how_full == (row.status == code::too_many));
    if (row.status == last) continue;
    CHECK(closed.insert(row.status).second);
    last = row.status;
  }
}

TEST_CASE("an error has the status and the reason of its factory", "[errors]") {
  auto gone = errors::unavailable("the namespace is being restarted", 1000);
  CHECK(gone.status == code::unavailable);
  CHECK(gone.reason == "unavailable");
  CHECK(gone.message == "the namespace is being restarted");
  CHECK(gone.retry_after_ms == 1000);

  auto full = errors::namespace_full("the namespace is full", {50, "namespace", 7, 8});
  CHECK(full.status == code::too_many);
  CHECK(full.reason == "namespace_full");
  CHECK(full.retry_after_ms == 50);
  CHECK(full.scope == "namespace");
  CHECK(full.depth == 7);
  CHECK(full.limit == 8);
}

TEST_CASE("every reason that the code writes out is in the catalogue", "[errors]") {
  const std::regex literal{R"re(\bcode::\w+,\s*"(\w+)")re"};
  std::size_t found = 0;
  for (auto* folder : {"actors", "net", "apps"})
    for (auto& file :
         std::filesystem::recursive_directory_iterator{std::filesystem::path{WEIR_SOURCE_DIR} / folder}) {
      auto extension = file.path().extension();
      if (extension != ".cpp" && extension != ".hpp") continue;
      auto text = read_file(file.path());
      for (std::sregex_iterator i{text.begin(), text.end(), literal}, end; i != end; ++i) {
        INFO(file.path().string() << ": " << (*i)[0].str());
        CHECK(is_known((*i)[1].str()));
        ++found;
      }
    }
  CHECK(found > 0);
}
