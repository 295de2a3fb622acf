#include "actors/core/json_members.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("the members of an object are found as they stand in its text", "[json]") {
  auto got = json_members(" { \"a\" : 1.10 ,\"b\":[1,{\"]\":\"}\\\"]\"}] , \"c\":\"\\\\\",\"d\":{} }");
  REQUIRE(got.size() == 4);
  CHECK((got[0].key == "a" && got[0].value == "1.10"));
  CHECK((got[1].key == "b" && got[1].value == R"([1,{"]":"}\"]"}])"));
  CHECK((got[2].key == "c" && got[2].value == R"("\\")"));
  CHECK((got[3].key == "d" && got[3].value == "{}"));
  CHECK(json_members("{}").empty());
  CHECK(json_members("[1]").empty());
}

TEST_CASE("of members with the same key the last one counts", "[json]") {
  CHECK(json_member_text(R"({"a":1,"\u0061":2})", "a") == "2");
  CHECK(json_member_text(R"({"a":1})", "b").empty());
}
