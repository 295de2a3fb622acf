#include "actors/core/one_line.hpp"

#include "actors/core/error_text.hpp"
#include "actors/messages/meta_objects.hpp"

#include <caf/error.hpp>
#include <caf/sec.hpp>
#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("text from outside becomes one line of UTF-8, and what is long is cut between code points") {
  CHECK(one_line("plain") == "plain");
  CHECK(one_line("a\nb\x1b[2Jc\x7f") == "a b [2Jc ");
  CHECK(one_line("\xc2\x9b"
                 "x")
        == " x"); // C1: a terminal takes it for an escape
  CHECK(one_line("gr\xfc\xdf") == "gr\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(one_line("aü", 2) == "aü");
  CHECK(one_line("aüb", 2) == "aü [cut, 4 bytes]");
  CHECK(one_line("") == "");
}

TEST_CASE("an error says what it was made with, else its name") {
  init_meta_objects();
  CHECK(text_of(caf::make_error(caf::sec::runtime_error, "no luck")) == "no luck");
  CHECK(text_of(caf::make_error(caf::sec::broken_promise)) == "caf::sec::broken_promise");
  CHECK(text_of(caf::error{}) == "none");
}
