#include "net/openai/openai_request.hpp"

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

namespace weir {

using nlohmann::json;

namespace {

json call_of(const tool_call& x) {
  return {{"id", x.id},
          {"type", "function"},
          {"function", {{"name", x.name}, {"arguments", x.arguments}}}}; // text, as the API wants it
}

json message_of(const chat_message& x) {
  json out{{"role", x.role}, {"content", x.content}};
  if (!x.tool_calls.empty()) {
    if (x.content.empty()) out["content"] = nullptr;
    auto& calls = out["tool_calls"] = json::array();
    for (auto& call : x.tool_calls) calls.push_back(call_of(call));
  }
  if (!x.tool_call_id.empty()) out["tool_call_id"] = x.tool_call_id;
  return out;
}

json tool_of(const tool_spec& x, json parameters) {
  json function{{"name", x.name}, {"description", x.description}, {"parameters", std::move(parameters)}};
  return {{"type", "function"}, {"function", std::move(function)}};
}

} // namespace

std::variant<std::string, refusal> openai_request_body(const std::string& model,
                                                       const std::vector<chat_message>& messages,
                                                       const std::vector<tool_spec>& tools) {
  json body{{"model", model}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
  auto& list = body["messages"] = json::array();
  for (auto& x : messages) list.push_back(message_of(x));
  for (auto& x : tools) {
    auto parameters = json::parse(x.parameters, nullptr, false);
    if (!parameters.is_object())
      return refusal::bad_field("tool " + x.name + ": its parameters must be a JSON object");
    body["tools"].push_back(tool_of(x, std::move(parameters)));
  }
  return print_json(body);
}

} // namespace weir
