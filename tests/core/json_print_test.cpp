#include "actors/core/json_print.hpp"

#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;

TEST_CASE("JSON of text that is not UTF-8 has U+FFFD in place of the bad bytes", "[json]") {
  CHECK(json_string("caf\xc3\xa9") == "\"caf\xc3\xa9\"");
  CHECK(json_string("a\xff"
                    "b")
        == "\"a\xef\xbf\xbd"
           "b\"");
  CHECK(json_string("\xc3") == "\"\xef\xbf\xbd\"");
  CHECK(json_string("\"\\\n\x01") == R"("\"\\\n\u0001")");
  CHECK(print_json(nlohmann::json{{"path", "/v1/\xff"}}) == "{\"path\":\"/v1/\xef\xbf\xbd\"}");
  CHECK(print_json(nlohmann::ordered_json{{"b", "\xfe"}, {"a", 1}}) == "{\"b\":\"\xef\xbf\xbd\",\"a\":1}");
  CHECK(print_json(nlohmann::json{1, 2}, 2) == "[\n  1,\n  2\n]");
}

TEST_CASE("Nothing but print_json turns a value into JSON text", "[json]") {
  // `dump` throws on bytes that are not UTF-8, and an exception in a handler ends its actor.
  namespace fs = std::filesystem;
  for (auto* folder : {"actors", "net", "apps", "include", "testing"})
    for (auto& entry : fs::recursive_directory_iterator(fs::path{WEIR_SOURCE_DIR} / folder)) {
      if (!entry.is_regular_file() || entry.path().stem() == "json_print") continue;
      std::ifstream in{entry.path()};
      std::stringstream text;
      text << in.rdbuf();
      INFO(entry.path().string());
      CHECK(text.str().find(".dump(") == std::string::npos);
    }
}
