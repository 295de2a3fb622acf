#include "net/openai/openai_request.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace weir;
using nlohmann::json;

namespace {

json body_of(const std::vector<chat_message>& messages, const std::vector<tool_spec>& tools = {}) {
  auto body = openai_request_body("tiny", messages, tools);
  REQUIRE(std::holds_alternative<std::string>(body));
  return json::parse(std::get<std::string>(body));
}

} // namespace

TEST_CASE("the request is what the API wants") {
  auto body = body_of({{"user", "h\xC3\xA9 \xFF"}});
  CHECK(body["model"] == "tiny");
  CHECK(body["stream"] == true);
  CHECK(body["stream_options"]["include_usage"] == true);
  CHECK(body["messages"] == json::parse(R"([{"role":"user","content":"hé �"}])"));
  CHECK_FALSE(body.contains("tools"));
}

TEST_CASE("tools, what a model asked of them, and what they gave are told in the API's shapes") {
  std::vector<chat_message> chat{
      {"user", "How deep?"},
      {"assistant", "", {{"c1", "depth", R"({"at":"weir"})"}, {"c2", "time", "{}"}}, ""},
      {"tool", "2 m", {}, "c1"},
      {"tool", "noon", {}, "c2"},
      {"assistant", "I look again.", {{"c3", "depth", "{}"}}, ""},
      {"tool", "", {}, "c3"}};
  auto body = body_of(chat, {{"depth", "How deep it is.", R"({"type":"object","properties":{}})"}});
  CHECK(body["tools"] == json::parse(R"([{"type":"function","function":{"name":"depth",
      "description":"How deep it is.","parameters":{"type":"object","properties":{}}}}])"));
  CHECK(body["messages"] == json::parse(R"([
      {"role":"user","content":"How deep?"},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"c1","type":"function","function":{"name":"depth","arguments":"{\"at\":\"weir\"}"}},
        {"id":"c2","type":"function","function":{"name":"time","arguments":"{}"}}]},
      {"role":"tool","content":"2 m","tool_call_id":"c1"},
      {"role":"tool","content":"noon","tool_call_id":"c2"},
      {"role":"assistant","content":"I look again.","tool_calls":[
        {"id":"c3","type":"function","function":{"name":"depth","arguments":"{}"}}]},
      {"role":"tool","content":"","tool_call_id":"c3"}])"));
}

TEST_CASE("a tool whose parameters are no JSON object is refused by name") {
  for (auto* parameters : {"", "{", "[]", "7"}) {
    auto body = openai_request_body("tiny", {}, {{"depth", "", parameters}});
    REQUIRE(std::holds_alternative<refusal>(body));
    CHECK(std::get<refusal>(body).message == "tool depth: its parameters must be a JSON object");
  }
}
