#include "actors/core/utf8.hpp"

#include <catch2/catch_test_macros.hpp>

#include <string>

using namespace weir;

TEST_CASE("code points are counted, not bytes") {
  CHECK(utf8::code_points("") == 0);
  CHECK(utf8::code_points("weir") == 4);
  CHECK(utf8::code_points("Wehr über Fluß") == 14);
  CHECK(utf8::code_points("水🌊") == 2);
}

TEST_CASE("a prefix never ends inside a code point") {
  std::string text = "aé水🌊";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    auto cut = text.substr(0, n);
    auto whole = utf8::whole_prefix(cut);
    INFO("cut after " << n << " bytes");
    CHECK(whole <= n);
    CHECK(n - whole < 4);
    CHECK((whole == text.size() || !utf8::is_continuation(text[whole])));
  }
  CHECK(utf8::whole_prefix(text) == text.size());
}

TEST_CASE("the first code points of a text are whole") {
  CHECK(utf8::first_code_points("aé水🌊b", 3) == "aé水");
  CHECK(utf8::first_code_points("aé", 9) == "aé");
  CHECK(utf8::first_code_points("aé", 0).empty());
}
