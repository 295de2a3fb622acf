#include "actors/core/full_text.hpp"
#include "net/openai/openai_answer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;

namespace {

std::string chunk(const std::string& calls) {
  return R"(data: {"choices":[{"index":0,"delta":{"tool_calls":)" + calls + R"(},"finish_reason":null}]})"
         + "\n\n";
}

const std::string stop = R"(data: {"choices":[{"delta":{},"finish_reason":"tool_calls"}]})"
                         "\n\ndata: [DONE]\n\n";

openai_answer read(const std::vector<std::string>& calls) {
  openai_answer x{{}, "made_"};
  x.on_header({200, "text/event-stream", ""});
  for (auto& y : calls) x.on_body(chunk(y));
  x.on_body(stop);
  return x;
}

std::string told(openai_answer x) {
  REQUIRE(x.over());
  if (x.failed()) return full_text(x.failed()->error);
  std::string out;
  for (auto& call : x.take_end().tool_calls) out += call.id + ' ' + call.name + ' ' + call.arguments + '\n';
  return out;
}

std::string whole(int index, const std::string& id, const std::string& arguments = "{}") {
  return nlohmann::json{{"index", index}, {"id", id}, {"function", {{"name", "f"}, {"arguments", arguments}}}}
      .dump();
}

} // namespace

TEST_CASE("tool calls come in pieces, interleaved, as OpenAI sends them") {
  auto x = read(
      {R"([{"index":0,"id":"a","type":"function","function":{"name":"depth","arguments":""}}])",
       R"([{"index":0,"function":{"arguments":"{\"at\":"}}])",
       R"([{"index":1,"id":"b","type":"function","function":{"name":"time","arguments":"{\"z"}}])",
       R"([{"index":1,"function":{"arguments":"one\":1}"}},{"index":0,"function":{"arguments":"7}"}}])"});
  CHECK(x.take_pieces() == std::vector<std::string>(4)); // signs of life, and no text
  CHECK(told(std::move(x)) == "a depth {\"at\":7}\nb time {\"zone\":1}\n");
}

TEST_CASE("tool calls are understood as other servers send them") {
  struct row {
    const char* how;
    std::vector<std::string> calls;
    const char* told;
  };
  const row rows[]{
      {"whole, without index, without ids",
       {R"([{"function":{"name":"f","arguments":"1"}},{"function":{"name":"f","arguments":"2"}}])"},
       "made_0 f 1\nmade_1 f 2\n"},
      {"with empty ids", {"[" + whole(0, "") + "," + whole(1, "") + "]"}, "made_0 f {}\nmade_1 f {}\n"},
      {"all with the index 0",
       {"[" + whole(0, "a", "1") + "]", "[" + whole(0, "b", "2") + "]"},
       "a f 1\nb f 2\n"},
      {"all with the same id",
       {"[" + whole(0, "a", "1") + "," + whole(1, "a", "2") + "]"},
       "a f 1\nmade_1 f 2\n"},
      {"id and name in every piece",
       {"[" + whole(0, "a", "[1") + "]", "[" + whole(0, "a", "]") + "]"},
       "a f [1]\n"},
      {"in pieces without an index",
       {R"([{"id":"a","function":{"name":"f","arguments":"["}}])", R"([{"function":{"arguments":"]"}}])",
        R"([{"id":"b","function":{"name":"g"}}])", R"([{"id":"a","function":{"arguments":" "}}])"},
       "a f [] \nb g {}\n"},
      {"arguments as an object",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":{"x":1}}}])"},
       "a f {\"x\":1}\n"},
      {"without arguments, with nulls",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":null}}])",
        R"([{"index":0,"id":null,"function":{"name":null}}])"},
       "a f {}\n"},
      {"an id that comes late",
       {R"([{"index":0,"function":{"name":"f"}}])", R"([{"index":0,"id":"a"}])"},
       "a f {}\n"},
      {"indices that do not begin at 0",
       {"[" + whole(7, "a") + "]", "[" + whole(3, "b") + "]"},
       "a f {}\nb f {}\n"},
      {"an id like one that is made",
       {"[" + whole(0, "made_1") + "," + whole(1, "") + "]"},
       "made_1 f {}\nmade_1_ f {}\n"},
      {"null instead of calls", {"null"}, ""},
      {"a list of nothing instead of calls", {"[null,{}]", "{}", "\"\"", "[]"}, ""},
      {"one call instead of a list",
       {R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})"},
       "a f {}\n"},
      {"a name in pieces",
       {R"([{"index":0,"id":"a","function":{"name":"dep"}}])", R"([{"index":0,"function":{"name":"th"}}])",
        R"([{"index":0,"function":{"arguments":"{}"}}])"},
       "a depth {}\n"},
      {"a new id in each piece, without a name (vLLM)",
       {R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}])",
        R"([{"index":0,"id":"b","function":{"arguments":":1}"}}])"},
       "a f {\"x\":1}\n"},
      {"a new id in each piece, with the name",
       {"[" + whole(0, "a", "{\"x\"") + "]", "[" + whole(0, "b", ":1}") + "]"},
       "a f {\"x\":1}\n"},
      {"all with the index 0, without ids, by two names",
       {R"([{"index":0,"function":{"name":"f","arguments":"{}"}}])",
        R"([{"index":0,"function":{"name":"g","arguments":"{}"}}])"},
       "made_0 f {}\nmade_1 g {}\n"},
      {"two whole objects under one index (a gateway to Gemini)",
       {R"([{"index":0,"id":"a","function":{"name":"glob","arguments":""}}])",
        R"([{"index":0,"function":{"name":"","arguments":"{\"p\":\"{\\\"}\"}"}}])",
        R"([{"index":0,"function":{"name":"","arguments":"{\"p\":2}"}}])"},
       "a glob {\"p\":\"{\\\"}\"}\nmade_1 glob {\"p\":2}\n"},
      {"an index that is a text, or is none",
       {R"([{"index":"0","id":"a","function":{"name":"f","arguments":"{\"x\""}}])",
        R"([{"index":"0","function":{"arguments":":1}"}},{"index":-1,"id":"a","function":{"arguments":" "}}])"},
       "a f {\"x\":1} \n"},
  };
  for (auto& row : rows) {
    INFO(row.how);
    CHECK(told(read(row.calls)) == row.told);
  }
}

TEST_CASE("malformed tool calls are failures that say so") {
  const std::pair<const char*, const char*> rows[]{
      {"7", "tool_calls is not a list"},
      {"[7]", "a tool call is not an object"},
      {R"([{"index":0,"id":7}])", "id is not a string"},
      {R"([{"index":0,"function":[7]}])", "function is not an object"},
      {R"([{"index":0,"function":{"name":7}}])", "name is not a string"},
      {R"([{"index":0,"function":{"arguments":7}}])", "arguments are not a string"},
      {R"([{"function":{"arguments":"1"}}])", "has not begun"},
      {R"([{"index":0,"id":"a","function":{"arguments":"1"}}])", "tool call 0 has no name"},
      {R"([{"id":"a","function":{"name":"f","arguments":"1"}},{"id":"a","function":{"name":"g"}}])",
       "two names"},
  };
  for (auto& row : rows) {
    INFO(row.first);
    auto x = read({row.first});
    REQUIRE(x.failed());
    CHECK_FALSE(x.failed()->retryable);
    CHECK(full_text(x.failed()->error).find(row.second) != std::string::npos);
  }
}

TEST_CASE("there are at most 32 tool calls, of at most 64 KiB each") {
  std::vector<std::string> calls;
  for (int i = 0; i < 32; ++i) calls.push_back("[" + whole(i, "") + "]");
  CHECK_FALSE(read(calls).failed());
  calls.push_back("[" + whole(32, "") + "]");
  CHECK(told(read(calls)).find("more than 32 tool calls") != std::string::npos);

  std::vector<std::string> pieces{"[" + whole(0, "a", "") + "]"};
  for (int i = 0; i < 64; ++i)
    pieces.push_back(R"([{"index":0,"function":{"arguments":")" + std::string(1024, 'x') + "\"}}]");
  CHECK_FALSE(read(pieces).failed());
  pieces.push_back(R"([{"index":0,"function":{"arguments":"x"}}])");
  CHECK(told(read(pieces)).find("arguments of a tool call of more than 65536 bytes") != std::string::npos);
  CHECK(told(read({"[" + whole(0, std::string(257, 'i')) + "]"})).find("more than 256 bytes")
        != std::string::npos);
}

TEST_CASE("a call in the words of before there were tools is a tool call") {
  openai_answer x{{}, "made_"};
  x.on_header({200, "text/event-stream", ""});
  x.on_body(R"(data: {"choices":[{"delta":{"function_call":{"name":"depth","arguments":"{\"at\""}}}]})"
            "\n\n");
  x.on_body(R"(data: {"choices":[{"delta":{"function_call":{"arguments":":7}"}}}]})"
            "\n\n");
  x.on_body(R"(data: {"choices":[{"delta":{},"finish_reason":"function_call"}]})"
            "\n\ndata: [DONE]\n\n");
  CHECK(told(std::move(x)) == "made_0 depth {\"at\":7}\n");
}

TEST_CASE("halves of a character in a call's arguments are put together") {
  auto x = read({R"([{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":\"\ud83d"}}])",
                 R"([{"index":0,"function":{"arguments":"\ude00 \udc00\"}"}}])"});
  CHECK(told(std::move(x)) == "a f {\"x\":\"😀 \xEF\xBF\xBD\"}\n");
}
