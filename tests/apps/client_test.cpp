#include "apps/weir/commands/client.hpp"
#include "apps/weir/commands/line_reader.hpp"
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
  CHECK(printable("a\x1b[2Jb\n\tc\r\x7f") == "a[2Jb\n\tc");
  CHECK(printable("é") == "é");
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
