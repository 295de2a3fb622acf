// Whatever is JSON is taken as `data` and passed on to the byte; whatever is not is refused as malformed.

#include "net/wire/decode.hpp"
#include "net/wire/encode.hpp"
#include "tests/paths.hpp"

#include <catch2/catch_test_macros.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace weir;

namespace {

std::variant<wire::client_frame, wire::rejected> published(const std::string& data) {
  return wire::decode(R"({"op":"publish","type":"a","message_id":"m","data":)" + data + "}");
}

std::string without_space_around(const std::string& text) {
  auto blank = " \t\r\n";
  auto from = text.find_first_not_of(blank);
  return from == std::string::npos ? "" : text.substr(from, text.find_last_not_of(blank) - from + 1);
}

void check_taken(const std::string& data) {
  auto got = published(data);
  REQUIRE(std::holds_alternative<wire::client_frame>(got));
  auto& x = std::get<wire::publish>(std::get<wire::client_frame>(got));
  CHECK(x.data == without_space_around(data));
  event told;
  told.data = x.data;
  CHECK(wire::encode(told).find("\"data\":" + x.data + "}") != std::string::npos);
}

void check_malformed(const std::string& data) {
  auto got = published(data);
  REQUIRE(std::holds_alternative<wire::rejected>(got));
  CHECK(std::get<wire::rejected>(got).no.reason == "malformed");
}

std::string content_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

} // namespace

TEST_CASE("JSON of every kind is passed on as it was written", "[json]") {
  for (auto* data : {"12345678901234567890123",
                     "1e2",
                     "-0",
                     "1.10",
                     "1E+2",
                     "0.000",
                     "-0.0",
                     "123456789012345678.5",
                     R"({"a":1,"a":2})",
                     R"({"b":1,"a":2})",
                     "{ \"a\" : [ 1 ,\t2 ] }",
                     "[]",
                     "{}",
                     "\"\"",
                     "null",
                     "true",
                     "false",
                     R"("\u00e4\ud83d\ude00\n\/")",
                     "\"\x7f\"",
                     "\"ä€😀\"",
                     "[[[[[[[[[[]]]]]]]]]]",
                     "  7  ",
                     "\"\xe2\x80\xa8\"",
                     R"({"":0})",
                     R"({"\u0000":"\u0000"})",
                     "[\n]",
                     "[null,1,\"1\",{}]",
                     "5e-324",
                     "1.7976931348623157e308"}) {
    INFO(data);
    check_taken(data);
  }
}

TEST_CASE("what is not JSON is refused as malformed wherever it stands", "[json]") {
  for (auto* data : {"",
                     ",",
                     "01",
                     "-",
                     "+1",
                     ".5",
                     "1.",
                     "1e",
                     "0x10",
                     "NaN",
                     "Infinity",
                     "-Infinity",
                     "nul",
                     "True",
                     "'a'",
                     "\"a",
                     "\"\\x\"",
                     "\"\\u12\"",
                     "\"\\ud800\"",
                     "\"\n\"",
                     "\"\t\"",
                     "[1,]",
                     "[,1]",
                     "[1 2]",
                     "[",
                     "]",
                     "{",
                     "{\"a\"}",
                     "{\"a\":}",
                     "{a:1}",
                     "{\"a\":1,}",
                     "{1:1}",
                     "1 2",
                     "[1]x",
                     "{}}",
                     "/*c*/1",
                     "1//c",
                     "\xef\xbb\xbf"
                     "1",
                     "\"\xff\"",
                     "\"\xc0\xaf\"",
                     "\"\xed\xa0\x80\"",
                     "\"\xf4\x90\x80\x80\"",
                     "\"\xe2\x82\"",
                     "1e999",
                     "\x0c"
                     "1",
                     "\xc2\xa0"
                     "1",
                     "truefalse",
                     "--1",
                     "1-1",
                     "[1}",
                     "{\"a\":1]"}) {
    INFO(data);
    check_malformed(data);
  }
  check_malformed(std::string{"1\0", 2});
  check_malformed(std::string{"\"\0\"", 3});
}

TEST_CASE("the files of JSONTestSuite are taken and refused as their names say", "[json]") {
  auto folder = std::filesystem::path{WEIR_SOURCE_DIR} / "../shared/data/json/test_parsing";
  if (!std::filesystem::exists(folder)) SKIP("there is no ../shared/data/json/test_parsing");
  std::size_t files = 0;
  for (auto& entry : std::filesystem::directory_iterator{folder}) {
    auto name = entry.path().filename().string();
    auto data = content_of(entry.path());
    INFO(name);
    if (name[0] == 'y') check_taken(data);
    if (name[0] == 'n') check_malformed(data);
    if (name[0] == 'i' && std::holds_alternative<wire::client_frame>(published(data))) check_taken(data);
    ++files;
  }
  CHECK(files == 318);
}
