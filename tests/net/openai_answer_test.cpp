#include "net/openai_answer.hpp"
#include "net/openai_chunk.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;

namespace {

const std::string hello = R"(data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":null}]})"
                          "\n\n";
const std::string stop = R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})"
                         "\n\n";
const std::string done = "data: [DONE]\n\n";

openai_answer streaming(const std::string& body, openai_answer::limits bounds = {}) {
  openai_answer x{"sk-secret", bounds};
  x.on_header(200, "text/event-stream", "");
  x.on_body(body);
  return x;
}

std::string message(const openai_answer& x) { return x.failed() ? x.failed()->error.message : std::string{}; }

} // namespace

TEST_CASE("a streamed answer gives its pieces and its usage") {
  auto x =
      streaming(hello + stop + R"(data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}})"
                + "\n\n" + done);
  CHECK(x.over());
  CHECK_FALSE(x.failed());
  CHECK(x.take_pieces() == std::vector<std::string>{"Hello"});
  CHECK(x.usage().input_tokens == 4);
  CHECK(x.usage().output_tokens == 2);
}

TEST_CASE("a stream that ends is whole with a finish reason, and cut without") {
  auto whole = streaming(hello + stop);
  CHECK_FALSE(whole.over());
  whole.on_end();
  CHECK((whole.over() && !whole.failed()));
  auto cut = streaming(hello);
  cut.on_end();
  REQUIRE(cut.failed());
  CHECK(cut.failed()->retryable);
  auto lost = streaming(hello + stop);
  lost.on_broken("reset", true);
  CHECK_FALSE(lost.failed());
}

TEST_CASE("what the server sends wrong is named, and not tried again") {
  struct row {
    const char* what;
    std::string body;
    const char* named;
  };
  const row rows[]{
      {"no JSON", "data: {\"choices\n\n", "not JSON"},
      {"half a surrogate pair",
       R"(data: {"choices":[{"delta":{"content":"\ud83c"}}]})"
       "\n\n",
       "not JSON"},
      {"no object", "data: [1]\n\n", "not an object"},
      {"no choices", "data: {}\n\n", "no choices"},
      {"a choice of the wrong type", "data: {\"choices\":[7]}\n\n", "a choice is not an object"},
      {"content of the wrong type",
       R"(data: {"choices":[{"delta":{"content":7}}]})"
       "\n\n",
       "delta.content"},
  };
  for (auto& row : rows) {
    INFO(row.what);
    auto x = streaming(hello + row.body);
    REQUIRE(x.failed());
    CHECK_FALSE(x.failed()->retryable);
    CHECK(message(x).find(row.named) != std::string::npos);
    CHECK(x.take_pieces().size() == 1); // what came before counts
  }
}

TEST_CASE("an answer has its bounds") {
  openai_answer::limits bounds;
  bounds.text_bytes = 8;
  CHECK(message(streaming(hello + hello, bounds)).find("longer than 8 bytes") != std::string::npos);
  bounds.sse.line_bytes = 20;
  CHECK(message(streaming(hello, bounds)).find("a line of more than 20 bytes") != std::string::npos);
}

TEST_CASE("an error object in mid-stream is retryable unless the request is to blame") {
  CHECK(streaming(hello + "data: {\"error\":{\"message\":\"overloaded\"}}\n\n").failed()->retryable);
  CHECK(streaming("data: {\"error\":{\"message\":\"x\",\"code\":503}}\n\n").failed()->retryable);
  CHECK(streaming("data: {\"error\":\"text\"}\n\n").failed()->retryable);
  CHECK_FALSE(streaming("data: {\"error\":{\"code\":400}}\n\n").failed()->retryable);
  CHECK_FALSE(streaming("data: {\"error\":{\"type\":\"invalid_request_error\"}}\n\n").failed()->retryable);
}

TEST_CASE("HTTP errors are told apart, and never show the key") {
  auto answered = [](unsigned status, const char* retry_after) {
    openai_answer x{"sk-secret"};
    x.on_header(status, "application/json", retry_after);
    x.on_body("{\"error\":\"bad key sk-secret\n" + std::string(1000, 'x'));
    x.on_end();
    return x;
  };
  auto busy = answered(429, "2");
  CHECK(busy.failed()->retryable);
  CHECK(busy.failed()->error.status == code::too_many);
  CHECK(busy.failed()->error.retry_after_ms == 2000);
  CHECK(answered(429, "").failed()->error.retry_after_ms == 1000);
  CHECK(answered(429, "Fri, 31 Dec").failed()->error.retry_after_ms == 1000);
  CHECK(answered(500, "").failed()->retryable);
  CHECK(answered(503, "3").failed()->error.retry_after_ms == 3000);
  auto refused = answered(401, "");
  CHECK_FALSE(refused.failed()->retryable);
  CHECK(message(refused).find("answered 401: {\"error\":\"bad key *** ") != std::string::npos);
  CHECK(message(refused).size() < 300);
  openai_answer html{""};
  html.on_header(200, "text/html", "");
  CHECK(message(html).find("text/html") != std::string::npos);
}

TEST_CASE("the request is what the API wants") {
  auto body = nlohmann::json::parse(openai_request_body("tiny", {{"user", "h\xC3\xA9 \xFF"}}));
  CHECK(body["model"] == "tiny");
  CHECK(body["stream"] == true);
  CHECK(body["stream_options"]["include_usage"] == true);
  CHECK(body["messages"][0]["role"] == "user");
}

TEST_CASE("URLs are taken apart, or refused with what is wrong") {
  struct row {
    const char *url, *host, *port, *target;
  };
  const row good[]{
      {"http://127.0.0.1:9000/v1", "127.0.0.1", "9000", "/v1/chat/completions"},
      {"http://models/", "models", "80", "/chat/completions"},
      {"http://[::1]:81/a/b/", "::1", "81", "/a/b/chat/completions"},
      {"http://[::1]", "::1", "80", "/chat/completions"},
  };
  for (auto& row : good) {
    INFO(row.url);
    auto x = parse_openai_url(row.url);
    REQUIRE(std::holds_alternative<openai_endpoint>(x));
    auto& where = std::get<openai_endpoint>(x);
    CHECK(where.host == row.host);
    CHECK(where.port == row.port);
    CHECK(where.target == row.target);
  }
  const std::pair<const char*, const char*> bad[]{
      {"https://models/v1", "not in this version yet"},
      {"models:80", "must begin"},
      {"http://", "no host"},
      {"http://m:99999", "port"},
      {"http://m:", "port"},
      {"http://u:p@m/", "without"},
      {"http://m/v1?x=1", "without"},
      {"http://m/\r\nX: y", "without"},
  };
  for (auto& row : bad) {
    INFO(row.first);
    auto x = parse_openai_url(row.first);
    REQUIRE(std::holds_alternative<refusal>(x));
    CHECK(std::get<refusal>(x).message.find(row.second) != std::string::npos);
  }
}
