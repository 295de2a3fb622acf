#include "apps/weir/commands/client.hpp"
#include "apps/weir/commands/line_reader.hpp"
#include "apps/weir/commands/terminal.hpp"
#include "apps/weir/logging.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include <unistd.h>

using namespace weir;
using got = line_reader::got;

namespace {

constexpr std::chrono::milliseconds none{0};

/// What `text` reads as, line by line, with `!` for one that was too long.
std::string read_all(const std::string& text, std::size_t max_line_bytes) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  REQUIRE(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(ends[1]);
  line_reader reader{ends[0], max_line_bytes};
  std::string out, line;
  for (auto x = reader.next(line, none); x != got::end; x = reader.next(line, none))
    if (x != got::nothing_yet) out += x == got::too_long ? "!;" : line + ';';
  close(ends[0]);
  return out;
}

} // namespace

TEST_CASE("lines are read one by one, and the last needs no newline", "[cli]") {
  CHECK(read_all("", 8).empty());
  CHECK(read_all("one\n\ntwo", 8) == "one;;two;");
}

TEST_CASE("a line over the limit is told once and thrown away whole", "[cli]") {
  CHECK(read_all("123456789\nok\n", 8) == "!;ok;");
  std::string long_line(20'000, 'x');
  long_line += "\nok\n";
  CHECK(read_all(long_line, 8) == "!;ok;");
}

TEST_CASE("a reader of lines does not wait for one that is not there yet", "[cli]") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  line_reader reader{ends[0]};
  std::string line;
  CHECK(reader.next(line, none) == got::nothing_yet);
  REQUIRE(write(ends[1], "a", 1) == 1);
  CHECK(reader.next(line, none) == got::nothing_yet);
  REQUIRE(write(ends[1], "b\n", 2) == 2);
  CHECK(reader.next(line, none) == got::line);
  CHECK(line == "ab");
  close(ends[0]);
  close(ends[1]);
}

TEST_CASE("data that is JSON is sent as it is, anything else as a text", "[cli]") {
  CHECK(as_data(R"({"a":1})") == nlohmann::json{{"a", 1}});
  CHECK(as_data("5") == 5);
  CHECK(as_data("hello") == "hello");
  CHECK(as_data("{broken") == "{broken");
  CHECK_THROWS_AS(as_data("\xff"), std::invalid_argument);
}

TEST_CASE("an answer cannot steer the terminal", "[cli]") {
  CHECK(printable("a\x1b[2Jb\n\tc\r\x7f") == "a\\x1b[2Jb\n\tc\\x7f");
  CHECK(printable("\x1b]0;x\x07\x1b[2J") == "\\x1b]0;x\\x07\\x1b[2J");
  CHECK(printable("\xc2\x9b"
                  "2J")
        == "\\x9b2J"); // CSI in one code point
  CHECK(printable("\xe2\x80\xae"
                  "x")
        == "\\u202ex"); // right to left
  CHECK(printable("\x9b"
                  "2J\xff")
        == "\xef\xbf\xbd"
           "2J\xef\xbf\xbd"); // no UTF-8
  CHECK(printable("é 漢 😀 <>&") == "é 漢 😀 <>&");
}

TEST_CASE("JSON is printed as JSON of the same value that cannot steer the terminal", "[cli]") {
  nlohmann::json data = {{"text", "\x1b[2J\xc2\x9b\x7f\xe2\x80\xae é"}};
  auto line = printable_json(data.dump());
  for (auto* raw : {"\x1b", "\xc2\x9b", "\x7f", "\xe2\x80\xae"}) CHECK(line.find(raw) == std::string::npos);
  CHECK(nlohmann::json::parse(line) == data);
  CHECK(printable_json("{\"a\" : 1}") == "{\"a\" : 1}");
}

TEST_CASE("bytes that are no UTF-8 are replaced one by one", "[cli]") {
  CHECK(repaired_utf8("caf\xe9 au lait") == "caf\xef\xbf\xbd au lait");
  CHECK(repaired_utf8("\xed\xa0\x80") == "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(repaired_utf8("é") == "é");
}

TEST_CASE("a random name is of the client ids' alphabet", "[cli]") {
  auto word = random_word(6);
  CHECK(word.size() == 6);
  CHECK(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos);
}

TEST_CASE("a JSON log line stays JSON whatever it says", "[logging]") {
  auto line = nlohmann::json::parse(json_log_line(5, "info", "a \"b\"\n\xff"));
  CHECK(line["ts"] == 5);
  CHECK(line["level"] == "info");
  CHECK(line["message"] == "a \"b\"\n\xef\xbf\xbd");
}
