#include "actors/core/full_text.hpp"
#include "net/openai/openai_answer.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace weir;

namespace {

const std::string hello = R"(data: {"choices":[{"delta":{"content":"Hello"},"finish_reason":null}]})"
                          "\n\n";
const std::string stop = R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}]})"
                         "\n\n";
const std::string done = "data: [DONE]\n\n";

openai_answer streaming(const std::string& body, openai_answer::limits bounds = {}) {
  openai_answer x{{"sk-secret"}, "call_", bounds};
  x.on_header({200, "text/event-stream", ""});
  x.on_body(body);
  return x;
}

std::string message(const openai_answer& x) {
  return x.failed() ? full_text(x.failed()->error) : std::string{};
}

} // namespace

TEST_CASE("a streamed answer gives its pieces, its usage and how it ended") {
  auto x =
      streaming(hello + stop + R"(data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2}})"
                + "\n\n" + done);
  CHECK(x.over());
  CHECK_FALSE(x.failed());
  CHECK(x.take_pieces() == std::vector<std::string>{"Hello"});
  auto end = x.take_end();
  CHECK(end.usage.input_tokens == 4);
  CHECK(end.usage.output_tokens == 2);
  CHECK(end.finish == finish_reason::stop);
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
      {"choices of the wrong type", "data: {\"choices\":7}\n\n", "choices is not a list"},
      {"a choice of the wrong type", "data: {\"choices\":[7]}\n\n", "a choice is not an object"},
      {"content of the wrong type",
       R"(data: {"choices":[{"delta":{"content":7}}]})"
       "\n\n",
       "content is no text"},
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

TEST_CASE(
    "an error in mid-stream is known in every server's shape, and retryable unless the request is to blame") {
  struct row {
    const char* whose;
    std::string line;
    bool retryable;
    const char* named;
  };
  const row rows[]{
      {"OpenAI", R"(data: {"error":{"message":"overloaded","type":"server_error","param":null,"code":null}})",
       true, "error: overloaded"},
      {"OpenAI, of the request", R"(data: {"error":{"message":"x","type":"invalid_request_error"}})", false,
       "x"},
      {"OpenRouter",
       R"(data: {"id":"g","error":{"code":502,"message":"gone"},"choices":[{"delta":{"content":""},)"
       R"("finish_reason":"error"}]})",
       true, "gone"},
      {"vLLM", R"(data: {"error":{"message":"too long","type":"BadRequestError","param":null,"code":400}})",
       false, "too long"},
      {"vLLM before", R"(data: {"object":"error","message":"dead","type":"InternalServerError","code":500})",
       true, "dead"},
      {"vLLM before, of the request", R"(data: {"object":"error","message":"long","code":400})", false,
       "long"},
      {"llama.cpp", R"(data: {"error":{"code":503,"message":"Loading model","type":"unavailable_error"}})",
       true, "Loading model"},
      {"llama.cpp before", R"(error: {"code":500,"message":"slot","type":"server_error"})", true,
       "error: slot"},
      {"Ollama", R"(data: {"error":{"message":"runner died","type":"api_error","param":null,"code":null}})",
       true, "runner died"},
      {"Ollama's own", R"({"error":"unexpected EOF"})", true, "error: unexpected EOF"},
      {"an event of that name", "event: error\ndata: {\"error\":{\"message\":\"m\"}}", true, "error: m"},
      {"a text", R"(data: {"error":"text"})", true, "error: text"},
      {"no message", R"(data: {"error":{"code":429}})", true, R"(error: {"code":429})"},
  };
  for (auto& row : rows) {
    INFO(row.whose);
    auto x = streaming(hello + row.line + "\n\n");
    REQUIRE(x.failed());
    CHECK(x.failed()->retryable == row.retryable);
    CHECK(message(x).find(row.named) != std::string::npos);
    CHECK(x.take_pieces() == std::vector<std::string>{"Hello"});
  }
}

TEST_CASE("what is no text and no tool call is no sign of life") {
  auto x = streaming(R"(data: {"choices":[{"delta":{"role":"assistant","content":""},"finish_reason":null}]})"
                     "\n\n: keep-alive\n\n"
                     R"(data: {"choices":[{"delta":{"reasoning_content":"Hm."}}],"usage":null})"
                     "\n\n"
                     R"(data: {"choices":[{"delta":{"content":null,"reasoning":"Hm."}}]})"
                     "\n\n");
  CHECK_FALSE(x.over());
  CHECK(x.take_pieces().empty());
}

TEST_CASE("usage is taken wherever it stands, the last of it") {
  auto x = streaming(
      R"(data: {"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":4,"completion_tokens":1}})"
      "\n\n"
      R"(data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null})"
      "\n\n"
      R"(data: {"choices":[],"usage":{"prompt_tokens":4,"completion_tokens":2,"details":{}}})"
      "\n\n");
  x.on_end();
  CHECK((x.over() && !x.failed()));
  auto usage = x.take_end().usage;
  CHECK(usage.input_tokens == 4);
  CHECK(usage.output_tokens == 2);
}

TEST_CASE("HTTP errors are told apart, and never show the key") {
  auto answered = [](unsigned status, const char* retry_after, const char* location = "") {
    openai_answer x{{"sk-secret"}};
    x.on_header({status, "application/json", location, {retry_after, "", ""}});
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
  CHECK(answered(500, "").failed()->error.retry_after_ms == 0);
  CHECK(answered(503, "3").failed()->error.retry_after_ms == 3000);
  auto refused = answered(401, "");
  CHECK_FALSE(refused.failed()->retryable);
  CHECK(message(refused).find("answered 401: {\"error\":\"bad key *** ") != std::string::npos);
  CHECK(message(refused).size() < 300);
  auto elsewhere = answered(307, "", "http://other/?key=sk-secret");
  CHECK_FALSE(elsewhere.failed()->retryable);
  CHECK(message(elsewhere).find("a redirect that is not followed: http://other/?key=***")
        != std::string::npos);
  auto timed_out = answered(408, "");
  CHECK(timed_out.failed()->retryable);
  CHECK(answered(425, "1").failed()->retryable);
  CHECK(answered(425, "1").failed()->error.retry_after_ms == 1000);
  CHECK_FALSE(answered(409, "").failed()->retryable);
  openai_answer packed{{}};
  packed.on_header({200, "text/event-stream", "", {}, "gzip"});
  CHECK(message(packed).find("content encoding 'gzip'") != std::string::npos);
}

TEST_CASE("a key is hidden where what is kept of an error ends in the middle of it") {
  const std::string key(100, 'k');
  for (std::size_t before = 0; before < 130; ++before) {
    openai_answer x{{key}};
    x.on_header({401, "application/json", ""});
    std::string body(before, '-');
    while (body.size() < 2000) body += key;
    x.on_body(body);
    x.on_end();
    CHECK(message(x).find("kkkk") == std::string::npos);
  }
}
