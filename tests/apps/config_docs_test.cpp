#include "apps/weir/config/load.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>

#include <fstream>
#include <sstream>

TEST_CASE("the documentation's table of keys is what the schema says", "[config]") {
  std::ifstream file{WEIR_SOURCE_DIR "/docs/configuration.md"};
  std::stringstream text;
  text << file.rdbuf();
  INFO("`weir config --keys` prints the table");
  CHECK(text.str().find("\n" + weir::describe_config()) != std::string::npos);
}
