#include "net/http/reply_writer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

using namespace weir;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

TEST_CASE("a head says when, for which request and how long", "[http]") {
  auto head = write_head(json_reply("{}"), {false, false, true, 11, "r-1"}, 784'111'777);
  CHECK_THAT(head,
             StartsWith("HTTP/1.1 200 OK\r\ndate: Sun, 06 Nov 1994 08:49:37 GMT\r\nx-request-id: r-1\r\n"));
  CHECK_THAT(head, ContainsSubstring("content-type: application/json\r\n"));
  CHECK_THAT(head, ContainsSubstring("content-length: 2\r\n"));
  CHECK_THAT(head, !ContainsSubstring("connection:"));
  CHECK_THAT(head, EndsWith("\r\n\r\n"));
}

TEST_CASE("whoever is told to come again is told when", "[http]") {
  auto of = [](unsigned status, std::int64_t ms) {
    return write_head(error_reply(status, "x", "x", ms), {}, 0);
  };
  CHECK_THAT(of(429, 1500), ContainsSubstring("retry-after: 2\r\nretry-after-ms: 1500\r\n"));
  CHECK_THAT(of(503, 1), ContainsSubstring("retry-after: 1\r\nretry-after-ms: 1\r\n"));
  CHECK_THAT(of(503, 0), ContainsSubstring("retry-after: 1\r\nretry-after-ms: 1000\r\n"));
  CHECK_THAT(of(500, 0), !ContainsSubstring("retry-after"));
}

TEST_CASE("how an answer ends depends on the version and on what it is", "[http]") {
  http_reply page{200, "text/plain", "abc", {}, 0, {}};
  CHECK_THAT(write_head(page, {false, true, true, 11, {}}, 0),
             ContainsSubstring("transfer-encoding: chunked"));
  auto old_stream = write_head(page, {false, true, false, 10, {}}, 0);
  CHECK_THAT(old_stream, !ContainsSubstring("transfer-encoding") && !ContainsSubstring("content-length"));
  CHECK_THAT(old_stream, ContainsSubstring("connection: close"));
  CHECK_THAT(write_head(page, {false, false, true, 10, {}}, 0), ContainsSubstring("connection: keep-alive"));
  CHECK_THAT(write_head(page, {true, false, true, 11, {}}, 0), ContainsSubstring("content-length: 3"));
  CHECK_THAT(write_head({204, {}, {}, {}, 0, {}}, {}, 0), !ContainsSubstring("content-length"));
  CHECK(write_chunk("hello, world, how are you") == "19\r\nhello, world, how are you\r\n");
}

TEST_CASE("a field's value cannot end its line", "[http]") {
  http_reply x;
  x.with("allow", "a\r\nset-cookie: b");
  CHECK_THAT(write_head(x, {}, 0), ContainsSubstring("allow: a  set-cookie: b\r\n"));
}
