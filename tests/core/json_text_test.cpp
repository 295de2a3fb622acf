#include "actors/core/json_text.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

TEST_CASE("text behind a NUL is no part of JSON", "[json]") {
  CHECK(parse_json(std::string{"{}\0garbage", 10}).is_discarded());
  CHECK(parse_json(std::string{"1\0", 2}).is_discarded());
  CHECK(parse_json(std::string{"\"\0\"", 3}).is_discarded());
  CHECK(parse_json("{}").is_object());
}

TEST_CASE("text that is nested too deep is no JSON", "[json]") {
  CHECK(parse_json(std::string(200'000, '[')).is_discarded());
  CHECK(parse_json(std::string(max_json_depth, '[') + std::string(max_json_depth, ']')).is_array());
}
