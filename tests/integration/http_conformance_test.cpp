// What a node answers to HTTP as RFC 9110 and RFC 9112 have it: tables of bytes and of what has to come back.
// One node serves them all.

#include "net/http/websocket_upgrade.hpp"
#include "tests/integration/node_process.hpp"
#include "tests/integration/raw_socket.hpp"

#include <algorithm>
#include <map>
#include <regex>
#include <sstream>
#include <vector>

using namespace weir::test;

namespace {

struct answer {
  unsigned status = 0;
  std::map<std::string, std::string> fields; // names in lower case; values of one name joined
  std::string body;

  bool has(const std::string& name) const { return fields.count(name) > 0; }
  std::string get(const std::string& name) const { return has(name) ? fields.at(name) : ""; }
};

std::string lower(std::string x) {
  std::transform(x.begin(), x.end(), x.begin(), [](unsigned char c) { return std::tolower(c); });
  return x;
}

std::string dechunked(const std::string& bytes, std::size_t& at) {
  std::string out;
  for (;;) {
    auto end = bytes.find("\r\n", at);
    REQUIRE(end != std::string::npos);
    auto size = std::stoul(bytes.substr(at, end - at), nullptr, 16);
    out += bytes.substr(end + 2, size);
    at = end + 2 + size;
    REQUIRE(bytes.substr(at, 2) == "\r\n");
    at += 2;
    if (size == 0) return out;
  }
}

/// Reads one answer; checks what every answer has to have.
answer read_answer(const std::string& bytes, std::size_t& at, bool head) {
  answer out;
  auto end = bytes.find("\r\n\r\n", at);
  REQUIRE(end != std::string::npos);
  std::istringstream lines{bytes.substr(at, end - at)};
  std::string line;
  std::getline(lines, line);
  std::smatch parts;
  REQUIRE(std::regex_match(line, parts, std::regex{"HTTP/1\\.1 ([1-5][0-9][0-9]) [^\\r\\n]*\\r?"}));
  out.status = static_cast<unsigned>(std::stoul(parts[1]));
  while (std::getline(lines, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    REQUIRE(std::regex_match(line, parts, std::regex{"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \\t]*(.*?)[ \\t]*"}));
    auto& value = out.fields[lower(parts[1])];
    value += (value.empty() ? "" : ", ") + parts[2].str();
  }
  at = end + 4;
  if (out.status == 100) return out;
  static const std::regex date{"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9] "
                               "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) 20[0-9]{2} "
                               "[0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT"};
  CHECK(std::regex_match(out.get("date"), date));
  CHECK_FALSE(out.get("x-request-id").empty());
  if (out.status == 405) CHECK(out.has("allow"));
  if (out.status == 426) {
    CHECK(out.get("upgrade") == "websocket");
    CHECK(lower(out.get("connection")).find("upgrade") != std::string::npos);
  }
  if (out.status == 429 || out.status == 503) CHECK((out.has("retry-after") && out.has("retry-after-ms")));
  auto bodiless = out.status == 101 || out.status == 204;
  CHECK(bodiless == !(out.has("content-length") || out.has("transfer-encoding")));
  if (head || bodiless) return out;
  if (out.has("transfer-encoding")) {
    CHECK(out.get("transfer-encoding") == "chunked");
    out.body = dechunked(bytes, at);
  } else {
    auto size = std::stoul(out.get("content-length"));
    out.body = bytes.substr(at, size);
    CHECK(out.body.size() == size);
    at += size;
  }
  if (out.status >= 400 && out.get("content-type") == "application/json")
    CHECK(out.body.find("\"reason\":") != std::string::npos);
  return out;
}

std::vector<answer> read_answers(const std::string& bytes, bool head = false) {
  std::vector<answer> out;
  for (std::size_t at = 0; at < bytes.size();) {
    INFO(bytes.substr(at, 300));
    out.push_back(read_answer(bytes, at, head && out.empty()));
    if (out.back().status == 101) break;
  }
  return out;
}

/// One node for all of the tables: that it survives them is the point.
node_process& shared_node() {
  static node_process node;
  if (node.pid() < 0) node.start();
  return node;
}

std::uint16_t admin_port() {
  auto url = shared_node().admin_url();
  return static_cast<std::uint16_t>(std::stoul(url.substr(url.rfind(':') + 1)));
}

std::string ask(std::uint16_t port, const std::string& bytes, std::size_t pieces = 0) {
  raw_socket socket(port);
  if (pieces > 0)
    socket.send_in_pieces(bytes, pieces);
  else
    socket.send(bytes);
  return socket.read_all();
}

std::string ask(const std::string& bytes, std::size_t pieces = 0) {
  return ask(shared_node().port(), bytes, pieces);
}

const std::string host = "Host: localhost\r\n";
const std::string ends = "Connection: close\r\n";

/// Who may change something at the admin address.
std::string bearer() { return "Authorization: Bearer " + shared_node().admin_token() + "\r\n"; }

std::string request(const std::string& line, const std::string& fields = host, const std::string& body = {}) {
  return line + "\r\n" + fields + ends + "\r\n" + body;
}

struct row {
  std::string bytes;
  unsigned status;
};

/// Asks each on a connection of its own, whole and in pieces.
void check(const std::vector<row>& rows) {
  for (auto& x : rows)
    for (std::size_t pieces : {0, 5}) {
      if (pieces > 0 && x.bytes.size() > 2000) continue;
      INFO(x.bytes.substr(0, 300));
      auto answers = read_answers(ask(x.bytes, pieces));
      REQUIRE_FALSE(answers.empty());
      CHECK(answers.front().status == x.status);
    }
  CHECK(read_answers(ask(request("GET /healthz HTTP/1.1"))).front().status == 200);
}

} // namespace

TEST_CASE("request lines are taken and refused as RFC 9112 has it", "[conformance]") {
  check({
      {request("GET /healthz HTTP/1.1"), 200},
      {request("GET /healthz HTTP/1.0", ""), 200},
      {request("GET /healthz?a=b HTTP/1.1"), 200},
      {request("GET /healthz? HTTP/1.1"), 200},
      {request("GET / HTTP/1.1"), 200},
      {"\r\n" + request("GET /healthz HTTP/1.1"), 200},
      {"\r\n\r\n\r\n" + request("GET /healthz HTTP/1.1"), 200},
      {request("GET http://localhost/healthz HTTP/1.1"), 200},
      {request("GET HTTP://LocalHost:80/healthz HTTP/1.1"), 200},
      {request("GET http://localhost HTTP/1.1"), 200},
      {request("GET http://localhost?x HTTP/1.1"), 200},
      {request("GET https://127.0.0.1/healthz HTTP/1.1"), 200},
      {request("GET http://evil.example/healthz HTTP/1.1"), 421},
      {request("OPTIONS * HTTP/1.1"), 204},
      {request("OPTIONS /healthz HTTP/1.1"), 204},
      {request("GET * HTTP/1.1"), 400},
      {request("GET healthz HTTP/1.1"), 400},
      {request("GET ?healthz HTTP/1.1"), 400},
      {request("GET http:/healthz HTTP/1.1"), 400},
      {request("GET http:///healthz HTTP/1.1"), 400},
      {request("GET ftp://localhost/healthz HTTP/1.1"), 400},
      {request("GET http://user@localhost/healthz HTTP/1.1"), 400},
      {request("GET http://localhost:port/healthz HTTP/1.1"), 400},
      {request("GET /healthz#part HTTP/1.1"), 400},
      {request("GET /health\xffz HTTP/1.1"), 400},
      {request("GET /health\xc3\xa4 HTTP/1.1"), 400},
      {request("GET /health\x7f HTTP/1.1"), 400},
      {request("GET /health%zz HTTP/1.1"), 400},
      {request("GET /health% HTTP/1.1"), 400},
      {request("GET /health%4 HTTP/1.1"), 400},
      {request("GET /health%ff HTTP/1.1"), 400},
      {request("GET /health%00 HTTP/1.1"), 400},
      {request("GET /%68ealthz HTTP/1.1"), 200},
      {request("GET /Healthz HTTP/1.1"), 404},
      {request("GET /healthz/ HTTP/1.1"), 404},
      {request("GET //healthz HTTP/1.1"), 404},
      {request("GET /./healthz HTTP/1.1"), 404},
      {request("GET /%2e%2e/etc/passwd HTTP/1.1"), 404},
      {request("GET /none HTTP/1.1"), 404},
      {request("CONNECT localhost:80 HTTP/1.1"), 501},
      {request("CONNECT /healthz HTTP/1.1"), 501},
      {request("GET /healthz HTTP/1.2"), 505},
      {request("GET /healthz HTTP/2.0"), 505},
      {request("GET /healthz HTTP/0.9"), 505},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {request("GET /healthz HTTP/1.1 "), 400},
      {request("GET /healthz  HTTP/1.1"), 400},
      {request("GET  /healthz HTTP/1.1"), 400},
      {request(" GET /healthz HTTP/1.1"), 400},
      {request("GET\t/healthz HTTP/1.1"), 400},
      {request("GET /healthz\tHTTP/1.1"), 400},
      {request("GET /heal thz HTTP/1.1"), 400},
      {request("GET /healthz"), 400},
      {request("GET"), 400},
      {request("GET /healthz http/1.1"), 400},
      {request("GET /healthz HTTP/1,1"), 400},
      {request("GET /healthz HTTP/11"), 400},
      {request("GET /healthz HTTP/1.1x"), 400},
      {request("G(T /healthz HTTP/1.1"), 400},
      {request("G\xc3\xa4T /healthz HTTP/1.1"), 400},
      {"GET /healthz HTTP/1.1\nHost: localhost\nConnection: close\n\n\r\n\r\n", 400},
      {std::string{"GET /heal\0thz HTTP/1.1\r\n\r\n", 27}, 400},
      {"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400},
      {"GET /" + std::string(16 * 1024, 'x') + " HTTP/1.1\r\n" + host + "\r\n", 414},
      {request("GET /healthz?" + std::string(8000, 'x') + " HTTP/1.1"), 200},
  });
}

TEST_CASE("every path knows its methods", "[conformance]") {
  struct path {
    std::uint16_t port;
    const char *path, *content_type;
    std::string allowed;
  };
  auto clients = shared_node().port();
  auto admin = admin_port();
  const path paths[] = {{clients, "/", "", "GET, HEAD, OPTIONS"},
                        {clients, "/healthz", "", "GET, HEAD, OPTIONS"},
                        {clients, "/readyz", "", "GET, HEAD, OPTIONS"},
                        {clients, "/v1/ws", "", "GET, OPTIONS"},
                        {admin, "/healthz", "", "GET, HEAD, OPTIONS"},
                        {admin, "/readyz", "", "GET, HEAD, OPTIONS"},
                        {admin, "/metrics", "", "GET, HEAD, OPTIONS"},
                        {admin, "/v1/admin/namespaces", "", "GET, HEAD, OPTIONS"},
                        {admin, "/v1/admin/nodes", "", "GET, HEAD, OPTIONS"},
                        {admin, "/v1/admin/drain", "", "POST, OPTIONS"}};
  for (auto& x : paths)
    for (std::string method :
         {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "get", "PROPFIND"}) {
      INFO(method << ' ' << x.path);
      if (std::string{x.path} == "/v1/admin/drain" && method == "POST") continue; // it would
      auto got = read_answers(ask(x.port, request(method + ' ' + x.path + " HTTP/1.1")), method == "HEAD");
      REQUIRE(got.size() == 1);
      auto is_ws = std::string{x.path} == "/v1/ws";
      auto wanted = method == "OPTIONS"                                                       ? 204U
                    : is_ws && (method == "GET" || method == "HEAD")                          ? 426U
                    : (", " + x.allowed + ',').find(", " + method + ',') != std::string::npos ? 200U
                                                                                              : 405U;
      CHECK(got[0].status == wanted);
      if (wanted == 405 || wanted == 204) CHECK(got[0].get("allow") == x.allowed);
      if (method == "HEAD") CHECK((got[0].status == 405 || std::stoul(got[0].get("content-length")) > 0));
    }
}

TEST_CASE("the answer to HEAD has the fields of GET's and no body", "[conformance]") {
  for (std::string path : {"/", "/healthz", "/readyz", "/none", "/v1/ws", "/v1/namespaces/a/events"}) {
    INFO(path);
    auto got = read_answers(
        ask("HEAD " + path + " HTTP/1.1\r\n" + host + "\r\n" + request("GET " + path + " HTTP/1.1")), true);
    if (got.size() == 1) continue; // an upgrade that was none closes
    REQUIRE(got.size() == 2);
    CHECK(got[0].status == got[1].status);
    CHECK(got[0].get("content-type") == got[1].get("content-type"));
    CHECK(got[0].get("content-length") == got[1].get("content-length"));
  }
}

TEST_CASE("header fields are taken and refused as RFC 9110 has it", "[conformance]") {
  auto with = [](const std::string& fields) { return request("GET /healthz HTTP/1.1", fields); };
  std::vector<row> rows = {
      {with(""), 400},
      {with(host + host), 400},
      {with("Host:\r\n"), 400},
      {with("Host: \r\n"), 400},
      {with("Host: local host\r\n"), 400},
      {with("Host: localhost, localhost\r\n"), 400},
      {with("Host: http://localhost\r\n"), 400},
      {with("Host: localhost/\r\n"), 400},
      {with("Host: localhost:8o\r\n"), 400},
      {with("Host: localhost:123456\r\n"), 400},
      {with("Host: user@localhost\r\n"), 400},
      {with("Host: [::1\r\n"), 400},
      {with("Host: \xc3\xa4\r\n"), 400},
      {with("Host: localhost:\r\n"), 200},
      {with("hOST:localhost\r\n"), 200},
      {with("Host:   localhost \t\r\n"), 200},
      {with("Host: LOCALHOST:8080\r\n"), 200},
      {with("Host: 127.0.0.1\r\n"), 200},
      {with("Host: [::1]:80\r\n"), 200},
      {with("Host: evil.example\r\n"), 421},
      {with("Host: localhost.evil.example\r\n"), 421},
      {with(host + "X:\r\n"), 200},
      {with(host + "X: a\tb\r\n"), 200},
      {with(host + "X: \xc3\xa4\xff\r\n"), 200},
      {with(host + "X_y.z~!#$%&'*+-^`|: a\r\n"), 200},
      {with(host + "X: a\r\n  folded\r\n"), 200},
      {with(host + "X : a\r\n"), 400},
      {with(host + " X: a\r\n"), 400}, // goes on with the line before, which names no host then
      {" " + with(host), 400},
      {"GET /healthz HTTP/1.1\r\n Host: localhost\r\n\r\n", 400},
      {with(host + "X\r\n"), 400},
      {with(host + ": a\r\n"), 400},
      {with(host + "X(: a\r\n"), 400},
      {with(host + "X\x7f: a\r\n"), 400},
      {with(host + "X\xc3\xa4: a\r\n"), 400},
      {with(host + "X: a\x01\r\n"), 400},
      {with(host + "X: a\x7f\r\n"), 400},
      {with(host + std::string{"X: a\0b\r\n", 8}), 400},
      {with(host + "X: a\nY: b\r\n"), 400},
      {with(host + "X: a\rY: b\r\n"), 400},
      {with(host + "X: " + std::string(16 * 1024, 'x') + "\r\n"), 431},
      {with(host + "X: " + std::string(15 * 1024, 'x') + "\r\n"), 200},
      {with(host + "Expect: 100-continue\r\n"), 200},
      {with(host + "Expect: 200-ok\r\n"), 417},
      {with(host + "Expect: 100-continue, coffee\r\n"), 417},
      {with(host + "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: x\r\n"), 200},
      {with(host + "Range: bytes=0-0\r\n"), 200},
      {with(host + "If-None-Match: *\r\n"), 200},
      {with(host + "TE: trailers\r\n"), 200},
  };
  std::string many;
  for (int i = 0; i < 2000; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  rows.push_back({with(host + many), 431});
  check(rows);
}

TEST_CASE("how long a request is cannot be a matter of opinion", "[conformance]") {
  const std::string path = "POST /v1/namespaces/demo/events HTTP/1.1";
  auto with = [&](const std::string& fields, const std::string& body) {
    return request(path, host + fields, body);
  };
  auto chunks = [&](const std::string& body) { return with("Transfer-Encoding: chunked\r\n", body); };
  check({
      {with("Content-Length: 2\r\n", "{}"), 501},
      {with("Content-Length: 0\r\n", ""), 501},
      {with("", ""), 501},
      {with("Content-Length: 2\r\nContent-Length: 2\r\n", "{}"), 501},
      {with("Content-Length: 2, 2\r\n", "{}"), 501},
      {with("Content-Length: 2\r\nContent-Length: 3\r\n", "{}"), 400},
      {with("Content-Length: 2, 3\r\n", "{}"), 400},
      {with("Content-Length: -1\r\n", "{}"), 400},
      {with("Content-Length: +2\r\n", "{}"), 400},
      {with("Content-Length: 0x2\r\n", "{}"), 400},
      {with("Content-Length: 2.0\r\n", "{}"), 400},
      {with("Content-Length: 2 2\r\n", "{}"), 400},
      {with("Content-Length:\r\n", "{}"), 400},
      {with("Content-Length: two\r\n", "{}"), 400},
      {with("Content-Length: 18446744073709551616\r\n", "{}"), 400},
      {with("Content-Length: 18446744073709551615\r\n", "{}"), 413},
      {with("Content-Length: 1048577\r\n", "{}"), 413},
      {with("Content-Length: 1048577\r\nExpect: 100-continue\r\n", ""), 413},
      {with("Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding: gzip\r\n", "{}"), 400},
      {with("Transfer-Encoding: identity\r\n", "{}"), 400},
      {with("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding:\r\n", "0\r\n\r\n"), 400},
      {with("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
      {"POST /v1/namespaces/demo/events HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
       400},
      {with("Transfer-Encoding: Chunked\r\n", "0\r\n\r\n"), 501},
      {chunks("0\r\n\r\n"), 501},
      {chunks("000\r\n\r\n"), 501},
      {chunks("2\r\n{}\r\n0\r\n\r\n"), 501},
      {chunks("02\r\n{}\r\n0\r\n\r\n"), 501},
      {chunks("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), 501},
      {chunks("2;a\r\n{}\r\n0;b=c\r\n\r\n"), 501},
      {chunks("2;a=\"b;c\"\r\n{}\r\n0\r\n\r\n"), 501},
      {chunks("2\r\n{}\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n"), 501},
      {chunks("x\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("-2\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("0x2\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("2\n{}\n0\n\n\r\n\r\n"), 400},
      {chunks("2\r\n{}0\r\n\r\n"), 400},
      {chunks("2\r\n{}}\r\n0\r\n\r\n"), 400},
      {chunks("3\r\n{}\r\n0\r\n\r\n\r\n"), 400},
      {chunks("10000000000000000\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("ffffffffffffffff\r\n{}\r\n0\r\n\r\n"), 413},
      {chunks("100001\r\n{}\r\n0\r\n\r\n"), 413},
      {chunks("2\r\n{}\r\n0\r\nbad trailer\r\n\r\n"), 400},
      {chunks("2\r\n{}\r\n0\r\nContent-Length: 5\r\n\r\n"), 400},
      {chunks("2;" + std::string(20'000, 'x') + "\r\n{}\r\n0\r\n\r\n"), 400},
      {chunks("2\r\n{}\r\n0\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"), 400},
  });
}

TEST_CASE("bodies are bounded, and one that nobody wants ends the connection or is read over",
          "[conformance]") {
  const std::string line = "POST /v1/namespaces/demo/events HTTP/1.1\r\n" + host;
  std::string megabyte(1024 * 1024, ' ');
  auto most = read_answers(ask(line + ends + "Content-Length: 1048576\r\n\r\n" + megabyte));
  CHECK(most.at(0).status == 501);
  auto chunked = read_answers(
      ask(line + ends + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + megabyte + "\r\n0\r\n\r\n"));
  CHECK(chunked.at(0).status == 501);
  auto over = read_answers(ask(line + ends + "Transfer-Encoding: chunked\r\n\r\n100000\r\n" + megabyte
                               + "\r\n1\r\n \r\n0\r\n\r\n"));
  CHECK(over.at(0).status == 413);
  // Heard out, so that the answer is not taken back by a reset.
  auto large = read_answers(ask(line + "Content-Length: 2097152\r\n\r\n" + megabyte + megabyte));
  CHECK(large.at(0).status == 413);
  CHECK(large.at(0).get("connection") == "close");
  auto small = read_answers(ask("POST /none HTTP/1.1\r\n" + host + "Content-Length: 3\r\n\r\nabc"
                                + request("GET /healthz HTTP/1.1")));
  REQUIRE(small.size() == 2);
  CHECK(small[0].status == 404);
  CHECK(small[1].status == 200);
}

TEST_CASE("Expect: 100-continue is answered, where a body is wanted", "[conformance]") {
  raw_socket socket(shared_node().port());
  socket.send("POST /v1/namespaces/demo/events HTTP/1.1\r\n" + host + ends
              + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  CHECK(socket.read_some() == "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("{}");
  CHECK(read_answers(socket.read_all()).at(0).status == 501);
  auto with_body = read_answers(ask("POST /v1/namespaces/demo/events HTTP/1.1\r\n" + host + ends
                                    + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"));
  CHECK(with_body.back().status == 501);
  auto old = read_answers(ask("POST /v1/namespaces/demo/events HTTP/1.0\r\n" + host
                              + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"));
  REQUIRE(old.size() == 1); // HTTP/1.0 does not know it
  CHECK(read_answers(
            ask("POST /none HTTP/1.1\r\n" + host + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n"))
            .at(0)
            .status
        == 404);
}

TEST_CASE("a connection is kept or closed as its requests say", "[conformance]") {
  auto get = [](const std::string& fields, const std::string& version = "1.1") {
    return "GET /healthz HTTP/" + version + "\r\n" + host + fields + "\r\n";
  };
  struct kept {
    std::string first;
    std::size_t answers;
    std::string connection;
  };
  const kept rows[] = {
      {get(""), 2, ""},
      {get("Connection: keep-alive\r\n"), 2, ""},
      {get("Connection: close\r\n"), 1, "close"},
      {get("Connection: CLOSE\r\n"), 1, "close"},
      {get("Connection: x, close\r\n"), 1, "close"},
      {get("Connection: x\r\nConnection: close\r\n"), 1, "close"},
      {get("", "1.0"), 1, "close"},
      {get("Connection: keep-alive\r\n", "1.0"), 2, "keep-alive"},
      {get("Connection: Keep-Alive, x\r\n", "1.0"), 2, "keep-alive"},
      {get("\xff: bad\r\n"), 1, "close"},
      {"OPTIONS * HTTP/1.1\r\n" + host + "\r\n", 2, ""},
      {"GET /none HTTP/1.1\r\n" + host + "\r\n", 2, ""},
      {"PUT /healthz HTTP/1.1\r\n" + host + "\r\n", 2, ""},
      {"GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 2, ""},
      {"GET /v1/ws HTTP/1.1\r\n" + host + "\r\n", 1, "upgrade, close"},
  };
  for (auto& x : rows) {
    INFO(x.first);
    auto got = read_answers(ask(x.first + request("GET /healthz HTTP/1.1")));
    CHECK(got.size() == x.answers);
    CHECK(got.at(0).get("connection") == x.connection);
  }
}

TEST_CASE("requests that come together are answered in their order, wherever they are cut", "[conformance]") {
  std::string all;
  std::vector<unsigned> wanted;
  for (int i = 0; i < 20; ++i) {
    all += "GET /healthz HTTP/1.1\r\n" + host + "\r\n";
    all += "POST /v1/namespaces/demo/events HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\n12345";
    all += "\r\nGET /none HTTP/1.1\r\n" + host + "\r\n";
    all += "POST /v1/namespaces/demo/calls HTTP/1.1\r\n" + host
           + "Transfer-Encoding: chunked\r\n\r\n1\r\n \r\n0\r\n\r\n";
    for (auto status : {200U, 501U, 404U, 501U}) wanted.push_back(status);
  }
  all += request("GET /readyz HTTP/1.1");
  wanted.push_back(200);
  for (std::size_t pieces : {0, 1, 3, 100, 1000}) {
    INFO("in pieces of " << pieces);
    std::vector<unsigned> got;
    for (auto& x : read_answers(ask(all, pieces))) got.push_back(x.status);
    CHECK(got == wanted);
  }
}

TEST_CASE("an opening handshake is taken and refused as RFC 6455 has it", "[conformance]") {
  using fields = std::vector<std::pair<std::string, std::string>>;
  const fields good{{"Host", "localhost"},
                    {"Upgrade", "websocket"},
                    {"Connection", "Upgrade"},
                    {"Sec-WebSocket-Version", "13"},
                    {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                    {"Sec-WebSocket-Protocol", "weir.v1"}};
  auto text = [](const fields& x, const std::string& line = "GET /v1/ws HTTP/1.1") {
    auto out = line + "\r\n";
    for (auto& [name, value] : x) out += name + ": " + value + "\r\n";
    return out + "\r\n";
  };
  auto with = [&](const std::string& name, const std::vector<std::string>& values) {
    fields out;
    for (auto& x : good)
      if (x.first != name) out.push_back(x);
    for (auto& value : values) out.emplace_back(name, value);
    return text(out);
  };
  const std::vector<row> rows = {
      {text(good), 101},
      {text(good, "GET /v1/ws?a=b HTTP/1.1"), 101},
      {text(good, "GET http://localhost/v1/ws HTTP/1.1"), 101},
      {text(good, "GET /v1/ws HTTP/1.0"), 426},
      {text(good, "HEAD /v1/ws HTTP/1.1"), 426},
      {text(good, "POST /v1/ws HTTP/1.1"), 405},
      {text(good, "GET /v1/none HTTP/1.1"), 404},
      {text(good, "GET /healthz HTTP/1.1"), 200},
      {with("Connection", {}), 426},
      {with("Connection", {"close"}), 426},
      {with("Connection", {"keep-alive, Upgrade"}), 101},
      {with("Connection", {"keep-alive", "Upgrade"}), 101},
      {with("Connection", {"Upgrade", "keep-alive"}), 101},
      {with("Connection", {"upgrade,, x"}), 101},
      {with("Upgrade", {}), 426},
      {with("Upgrade", {"h2c"}), 426},
      {with("Upgrade", {"WebSocket"}), 101},
      {with("Upgrade", {"h2c, websocket"}), 101},
      {with("Upgrade", {"h2c", "websocket"}), 101},
      {with("Sec-WebSocket-Version", {}), 426},
      {with("Sec-WebSocket-Version", {"8"}), 426},
      {with("Sec-WebSocket-Version", {"13, 8"}), 426},
      {with("Sec-WebSocket-Version", {"013"}), 426},
      {with("Sec-WebSocket-Version", {"13", "13"}), 426},
      {with("Sec-WebSocket-Key", {}), 400},
      {with("Sec-WebSocket-Key", {""}), 400},
      {with("Sec-WebSocket-Key", {"short"}), 400},
      {with("Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZQ"}), 400},
      {with("Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZSE="}), 400},
      {with("Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25j!Q=="}), 400},
      {with("Sec-WebSocket-Key", {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ=="}), 400},
      {with("Sec-WebSocket-Protocol", {}), 400},
      {with("Sec-WebSocket-Protocol", {"other"}), 400},
      {with("Sec-WebSocket-Protocol", {"weir.v10"}), 400},
      {with("Sec-WebSocket-Protocol", {"other, weir.v1"}), 101},
      {with("Sec-WebSocket-Protocol", {"other", "weir.v1"}), 101},
      {with("Host", {}), 400},
      {with("Host", {"evil.example"}), 421},
      {with("Origin", {"http://localhost"}), 101},
      {with("Origin", {"http://evil.example"}), 403},
      {with("Origin", {"null"}), 403},
      {with("Origin", {"http://localhost:81"}), 403},
      {with("Sec-WebSocket-Extensions", {"permessage-deflate"}), 101},
      {with("Content-Length", {"0"}), 101},
      {with("Content-Length", {"2"}).append("{}"), 400},
  };
  for (auto& x : rows)
    for (std::size_t pieces : {0, 7}) {
      INFO(x.bytes);
      raw_socket socket(shared_node().port());
      socket.send_in_pieces(x.bytes, pieces == 0 ? x.bytes.size() : pieces);
      if (x.status != 101) socket.shut_down();
      auto bytes = x.status == 101 ? socket.read_some() : socket.read_all();
      auto got = read_answers(bytes, x.bytes.substr(0, 4) == "HEAD").at(0);
      CHECK(got.status == x.status);
      if (got.status != 101) continue;
      CHECK(got.get("sec-websocket-accept") == weir::websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="));
      CHECK(got.get("sec-websocket-protocol") == "weir.v1");
      CHECK_FALSE(got.has("sec-websocket-extensions"));
    }
}

TEST_CASE("a page of a foreign site, or behind a name that was bound anew, reaches nothing",
          "[conformance]") {
  struct place {
    std::uint16_t port;
    std::string line;
  };
  auto own = std::to_string(shared_node().port()), own_admin = std::to_string(admin_port());
  const place places[] = {{shared_node().port(), "GET / HTTP/1.1"},
                          {shared_node().port(), "GET /healthz HTTP/1.1"},
                          {shared_node().port(), "POST /v1/namespaces/demo/events HTTP/1.1"},
                          {shared_node().port(), "GET /v1/ws HTTP/1.1"},
                          {shared_node().port(), "OPTIONS /healthz HTTP/1.1"},
                          {admin_port(), "GET /metrics HTTP/1.1"},
                          {admin_port(), "GET /v1/admin/namespaces HTTP/1.1"},
                          {admin_port(), "POST /v1/admin/drain HTTP/1.1"},
                          {admin_port(), "OPTIONS /v1/admin/drain HTTP/1.1"}};
  for (auto& x : places) {
    INFO(x.line);
    auto status = [&](const std::string& fields) {
      return read_answers(ask(x.port, request(x.line, fields))).at(0).status;
    };
    CHECK(status("Host: rebound.example:" + std::to_string(x.port) + "\r\n") == 421);
    CHECK(status(host + "Origin: http://evil.example\r\n") == 403);
    CHECK(status(host + "Origin: null\r\n") == 403);
    CHECK(status("Host: localhost:" + std::to_string(x.port) + "\r\nOrigin: http://localhost:1\r\n") == 403);
    CHECK(status(host + "Origin: http://evil.example\r\nAccess-Control-Request-Method: POST\r\n") == 403);
  }
  auto preflight = [&](std::uint16_t port, const std::string& path) {
    auto name = "localhost:" + std::to_string(port);
    return read_answers(ask(port, request("OPTIONS " + path + " HTTP/1.1",
                                          "Host: " + name + "\r\nOrigin: http://" + name
                                              + "\r\nAccess-Control-Request-Method: POST\r\n"
                                                "Access-Control-Request-Headers: content-type, x-y\r\n")))
        .at(0);
  };
  auto good = preflight(shared_node().port(), "/v1/namespaces/demo/events");
  CHECK(good.status == 204);
  CHECK(good.get("access-control-allow-origin") == "http://localhost:" + own);
  CHECK(good.get("access-control-allow-methods") == "POST, OPTIONS");
  CHECK(good.get("access-control-allow-headers") == "content-type, x-y");
  CHECK(good.get("vary") == "origin");
  CHECK(preflight(admin_port(), "/v1/admin/drain").get("access-control-allow-origin")
        == "http://localhost:" + own_admin);
  // What changes something cannot be sent by a form.
  auto form = read_answers(ask(
      admin_port(), request("POST /v1/admin/drain HTTP/1.1",
                            host + bearer() + "Content-Type: text/plain\r\nContent-Length: 2\r\n", "{}")));
  CHECK(form.at(0).status == 415);
}

TEST_CASE("the admin calls outlive what is sent to them", "[conformance]") {
  const std::string namespaces = "GET /v1/admin/namespaces";
  for (auto& line :
       {namespaces + "/\xff HTTP/1.1", namespaces + "/%ff HTTP/1.1", namespaces + "/%00 HTTP/1.1",
        namespaces + "/a%2fb HTTP/1.1", namespaces + "/none/dead?limit=\xff HTTP/1.1",
        namespaces + "/" + std::string(10'000, 'x') + " HTTP/1.1",
        namespaces + "/none/dead?limit=99999999999999999999 HTTP/1.1", namespaces + "/..%2f.. HTTP/1.1"}) {
    INFO(line.substr(0, 100));
    auto status = read_answers(ask(admin_port(), request(line))).at(0).status;
    CHECK((status == 400 || status == 404));
    CHECK(read_answers(ask(admin_port(), request(namespaces + " HTTP/1.1"))).at(0).status == 200);
  }
  for (std::string body :
       {"\xff", "{\"event_id\":\"\xff\"}", "{\"event_id\":\"\\ud800\"}", "{\"event_id\":\"a/b\"}garbage"}) {
    body += '\0';
    auto got = read_answers(
        ask(admin_port(), request("POST /v1/admin/namespaces/demo/dead/retry HTTP/1.1",
                                  host + bearer() + "Content-Type: application/json\r\nContent-Length: "
                                      + std::to_string(body.size()) + "\r\n",
                                  body)));
    CHECK(got.at(0).status == 400);
  }
  CHECK(read_answers(ask(admin_port(), request(namespaces + " HTTP/1.1"))).at(0).status == 200);
}

TEST_CASE("sockets that say nothing keep no probe and no admin call from being answered", "[conformance]") {
  std::vector<std::unique_ptr<raw_socket>> silent;
  for (int i = 0; i < 300; ++i) {
    silent.push_back(std::make_unique<raw_socket>(admin_port()));
    if (i % 2 == 0) silent.back()->send("GET /v1/admin/namespaces HTTP/1.1\r\nHo");
  }
  for (auto* line : {"GET /healthz HTTP/1.1", "GET /readyz HTTP/1.1", "GET /v1/admin/namespaces HTTP/1.1"})
    CHECK(read_answers(ask(admin_port(), request(line))).at(0).status == 200);
}
