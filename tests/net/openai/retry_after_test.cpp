#include "net/openai/retry_after.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using std::chrono::system_clock;

namespace {

const auto now = system_clock::from_time_t(784'111'777); // Sun, 06 Nov 1994 08:49:37 GMT

std::optional<std::int64_t> read(const char* seconds_or_date, const char* ms = "", const char* date = "") {
  return retry_after_ms({seconds_or_date, ms, date}, now);
}

} // namespace

TEST_CASE("when to come again is read as seconds, milliseconds and dates") {
  CHECK(read("2") == 2000);
  CHECK(read("0.25") == 250);
  CHECK(read("2", "120") == 120); // the finer one counts
  CHECK(read("", "120.5") == 121);
  CHECK(read("2", "soon") == 2000);
  CHECK(read("Sun, 06 Nov 1994 08:49:40 GMT") == 3000);
  CHECK(read("Sunday, 06-Nov-94 08:49:40 GMT") == 3000);
  CHECK(read("Sun Nov  6 08:49:40 1994") == 3000);
}

TEST_CASE("a date is measured by the server's own clock where it says its time") {
  CHECK(read("Sun, 06 Nov 1994 09:49:40 GMT", "", "Sun, 06 Nov 1994 09:49:38 GMT") == 2000);
  CHECK(read("Sun, 06 Nov 1994 08:49:40 GMT", "", "tomorrow") == 3000);
}

TEST_CASE("it is never no time, never more than an hour, and nothing where it cannot be read") {
  CHECK(read("0") == 1);
  CHECK(read("Sun, 06 Nov 1994 08:49:00 GMT") == 1);
  CHECK(read("Sun, 06 Nov 2094 08:49:37 GMT") == 3'600'000);
  CHECK(read("99999999999999999999") == 3'600'000);
  for (auto* x : {"", "-1", "nan", "inf", "2s", " 2", "Fri, 31 Dec", "Sun, 06 Nov 1994 08:49:37 GMT+1"})
    CHECK(read(x) == std::nullopt);
}

TEST_CASE("dates that no clock can hold are as the farthest that it can") {
  CHECK(read("Fri, 31 Dec 3988 23:59:59 GMT") == 3600 * 1000);
  CHECK(read("Sat, 01 Jan 0001 00:00:00 GMT") == 1);
  CHECK(read("Fri, 31 Dec 3988 23:59:59 GMT", "", "Sat, 01 Jan 0001 00:00:00 GMT") == 3600 * 1000);
}
