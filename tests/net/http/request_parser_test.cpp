#include "net/http/request_parser.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;
using phase = request_parser::phase;

namespace {

/// Feeds bytes in pieces of `step`, as a session does; gives how many were not taken.
std::size_t feed(request_parser& to, const std::string& bytes, std::size_t step,
                 std::uint64_t max_body = 1000) {
  std::string waiting;
  std::size_t at = 0;
  while (to.current() != phase::complete && to.current() != phase::failed) {
    if (to.current() == phase::decide) {
      to.begin_body(max_body);
      continue;
    }
    auto before = to.current();
    auto taken = to.take(waiting);
    waiting.erase(0, taken);
    if (taken > 0 || to.current() != before) continue;
    if (at == bytes.size()) break;
    waiting += bytes.substr(at, step);
    at += std::min(step, bytes.size() - at);
  }
  return waiting.size() + bytes.size() - at;
}

unsigned status_of(const std::string& bytes, std::size_t step = 1000) {
  request_parser x;
  feed(x, bytes, step);
  return x.current() == phase::failed ? x.error().status : x.current() == phase::complete ? 200 : 0;
}

} // namespace

TEST_CASE("a request is the same however its bytes are cut", "[http]") {
  const std::string bytes = "POST /a?b=c HTTP/1.1\r\nHost: h\r\nX-One:  1 \r\nx-one: 2\r\n"
                            "Transfer-Encoding: chunked\r\n\r\n"
                            "5;ext=\"a b\"\r\nhello\r\n1\r\n \r\n0\r\nTrailer: t\r\n\r\nGET ";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    INFO("in pieces of " << step);
    request_parser x;
    auto left = feed(x, bytes, step);
    REQUIRE(x.current() == phase::complete);
    CHECK(left == 4);
    CHECK(x.request().method == "POST");
    CHECK(x.request().target == "/a?b=c");
    CHECK(x.request().body == "hello ");
    CHECK(x.request().field("x-one") == "1, 2");
    CHECK(x.request().count("trailer") == 0);
    CHECK(x.request().has_body);
  }
}

TEST_CASE("a request without a body is complete with its head", "[http]") {
  request_parser x;
  CHECK(feed(x, "GET / HTTP/1.0\r\n\r\n", 100) == 0);
  CHECK(x.current() == phase::complete);
  CHECK(x.request().version == 10);
  CHECK_FALSE(x.request().keep_alive);
  CHECK_FALSE(x.request().has_body);
}

TEST_CASE("what is no request is told by its status", "[http]") {
  auto head = [](const std::string& fields) { return "GET / HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n"; };
  struct row {
    std::string bytes;
    unsigned status;
  };
  const row rows[] = {
      {"\x16\x03\x01 hello\r\n\r\n", 400},
      {"GET /\r\n\r\n", 400},
      {"GET / HTTP/1.1 x\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\n\n\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET / http/1.1\r\n\r\n", 400},
      {head("No colon\r\n"), 400},
      {head("Space : x\r\n"), 400},
      {head(": x\r\n"), 400},
      {head("X: a\x01"
            "b\r\n"),
       400},
      {head(std::string{"X: a\0b\r\n", 8}), 400},
      {head("Content-Length: -1\r\n"), 400},
      {head("Content-Length: 1x\r\n"), 400},
      {head("Content-Length: 99999999999999999999\r\n"), 400},
      {head("Content-Length: 1\r\nContent-Length: 2\r\n"), 400},
      {head("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {head("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"), 400},
      {head("Transfer-Encoding: chunked\r\n") + "x\r\n", 400},
      {head("Transfer-Encoding: chunked\r\n") + "5\r\nhello5\r\n0\r\n\r\n", 400},
      {head("Transfer-Encoding: chunked\r\n") + "fffffffffffffffff\r\n", 400},
      {head("Transfer-Encoding: chunked\r\n") + "3e9\r\n", 413},
      {head("Content-Length: 1001\r\n"), 413},
      {head("Content-Length: 1000\r\n") + std::string(1000, 'x'), 200},
      {head("X: " + std::string(16 * 1024, 'x') + "\r\n"), 431},
      {"GET /" + std::string(17 * 1024, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
      {head("Transfer-Encoding: chunked\r\n") + "1;" + std::string(17 * 1024, 'x'), 400},
  };
  for (auto& x : rows)
    for (std::size_t step : {1, 7, 100'000}) {
      INFO(x.bytes.substr(0, 100) << " in pieces of " << step);
      CHECK(status_of(x.bytes, step) == x.status);
    }
}

TEST_CASE("a head that comes field by field is bounded as a whole", "[http]") {
  request_parser x;
  std::string waiting = "GET / HTTP/1.1\r\nHost: h\r\n";
  std::size_t sent = 0;
  while (x.current() == phase::head && sent < 1'000'000) {
    waiting.erase(0, x.take(waiting));
    waiting += "X-Field: 0123456789\r\n";
    sent += 21;
  }
  CHECK(x.current() == phase::failed);
  CHECK(x.error().status == 431);
  CHECK(sent < 2 * request_parser::max_head_bytes);
}
