#include "actors/calls/json_check.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using nlohmann::json;

namespace {

std::string check(const char* schema, const char* value) {
  return check_json(json::parse(schema), json::parse(value), "x");
}

} // namespace

TEST_CASE("arguments of the types that a schema asks for are taken, and others are named", "[tools]") {
  CHECK(check(R"({"type":"object"})", "{}").empty());
  CHECK(check(R"({"type":"object"})", "[]") == "x: must be object, is array");
  CHECK(check(R"({"type":"string"})", "1") == "x: must be string, is integer");
  CHECK(check(R"({"type":"integer"})", "1").empty());
  CHECK(check(R"({"type":"integer"})", "1.0").empty());
  CHECK(check(R"({"type":"integer"})", "1.5") == "x: must be integer, is number");
  CHECK(check(R"({"type":"number"})", "1").empty());
  CHECK(check(R"({"type":"boolean"})", "0") == "x: must be boolean, is integer");
  CHECK(check(R"({"type":"null"})", "null").empty());
  CHECK(check(R"({"type":["string","null"]})", "null").empty());
  CHECK(check(R"({"type":["string","null"]})", "2") == R"(x: must be one of ["string","null"], is integer)");
}

TEST_CASE("what is required, unknown or not among the words is named with its path", "[tools]") {
  auto* schema = R"({"type":"object","required":["city"],"additionalProperties":false,"properties":{
    "city":{"type":"string"},"unit":{"enum":["m","ft"]},
    "days":{"type":"array","items":{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}}}})";
  CHECK(check(schema, R"({"city":"Ulm","unit":"m","days":[{"n":1},{"n":2,"more":true}]})").empty());
  CHECK(check(schema, R"({"unit":"m"})") == "x.city: missing");
  CHECK(check(schema, R"({"city":7})") == "x.city: must be string, is integer");
  CHECK(check(schema, R"({"city":"Ulm","unit":"mile"})") == R"(x.unit: must be one of ["m","ft"])");
  CHECK(check(schema, R"({"city":"Ulm","town":"Ulm"})") == "x.town: unknown");
  CHECK(check(schema, R"({"city":"Ulm","days":[{"n":1},{}]})") == "x.days[1].n: missing");
}

TEST_CASE("a schema that is malformed or beyond the subset allows everything", "[tools]") {
  for (auto* schema : {R"(7)", R"({"type":7})", R"({"type":"date"})", R"({"required":"city"})",
                       R"({"properties":[1]})", R"({"enum":{}})", R"({"items":3})", R"({"minLength":99})"})
    for (auto* value : {"{}", "[1]", "\"text\"", "null"}) {
      CAPTURE(schema, value);
      CHECK(check(schema, value).empty());
    }
}
