#include "net/openai/openai_request.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

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

template <class T>
void set(json& body, const char* name, const std::optional<T>& value) {
  if (value) body[name] = *value;
}

refusal set_options(json& body, const model_options& x) {
  set(body, "temperature", x.temperature);
  set(body, "top_p", x.top_p);
  set(body, "max_tokens", x.max_tokens);
  set(body, "seed", x.seed);
  if (!x.stop.empty()) body["stop"] = x.stop;
  if (x.response_format.empty()) return {};
  auto format = parse_json(x.response_format);
  if (!format.is_object()) return refusal::bad_field("response_format: must be a JSON object");
  body["response_format"] = std::move(format);
  return {};
}

} // namespace

std::variant<std::string, refusal> openai_request_body(const std::string& model,
                                                       const std::vector<chat_message>& messages,
                                                       const std::vector<tool_spec>& tools,
                                                       const model_options& options) {
  json body{{"model", model}, {"stream", true}, {"stream_options", {{"include_usage", true}}}};
  auto& list = body["messages"] = json::array();
  for (auto& x : messages) list.push_back(message_of(x));
  for (auto& x : tools) {
    auto parameters = parse_json(x.parameters);
    if (!parameters.is_object())
      return refusal::bad_field("tool " + x.name + ": its parameters must be a JSON object");
    body["tools"].push_back(tool_of(x, std::move(parameters)));
  }
  if (auto no = set_options(body, options); no.refused()) return no;
  return print_json(body);
}

} // namespace weir
