#include "net/openai/openai_chunk.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"

#include <nlohmann/json.hpp>

namespace weir {

using nlohmann::json;

namespace {

// Member `name` of an object; null where it is absent.
const json& member(const json& object, const char* name) {
  static const json null;
  auto i = object.find(name);
  return i == object.end() ? null : *i;
}

std::uint64_t count(const json& usage, const char* name) {
  auto& x = member(usage, name);
  return x.is_number_unsigned() ? x.get<std::uint64_t>() : 0;
}

// Whether the same request can do better later: not when the server blames the request.
bool is_retryable(const json& error) {
  if (!error.is_object()) return true;
  auto& status = member(error, "code");
  if (status.is_number_integer()) {
    auto number = status.get<std::int64_t>();
    return number == 429 || number < 400 || number >= 500;
  }
  auto& type = member(error, "type");
  return type != "invalid_request_error" && type != "authentication_error" && type != "permission_error";
}

openai_chunk error_chunk(const json& error) {
  openai_chunk chunk;
  chunk.is_error = true;
  chunk.error_retryable = is_retryable(error);
  auto message = error.is_object() ? member(error, "message") : error;
  chunk.error = message.is_string() ? message.get<std::string>() : print_json(error);
  return chunk;
}

// The API wants arguments as text; there are servers that send the object itself.
std::string arguments_of(const json& function, openai_chunk& chunk) {
  auto& x = member(function, "arguments");
  if (x.is_string()) return x.get<std::string>();
  if (x.is_object()) return print_json(x);
  if (!x.is_null()) chunk.malformed = "a tool call's arguments are not a string";
  return {};
}

std::string text_of(const json& object, const char* name, openai_chunk& chunk) {
  auto& x = member(object, name);
  if (x.is_string()) return x.get<std::string>();
  if (!x.is_null()) chunk.malformed = std::string{"a tool call's "} + name + " is not a string";
  return {};
}

void read_tool_call(const json& call, openai_chunk& chunk) {
  if (!call.is_object()) {
    chunk.malformed = "a tool call is not an object";
    return;
  }
  tool_call_piece piece;
  auto& index = member(call, "index");
  if (index.is_number_unsigned())
    piece.index = index.get<std::uint64_t>();
  else if (!index.is_null())
    chunk.malformed = "a tool call's index is not a number from 0";
  piece.id = text_of(call, "id", chunk);
  auto& function = member(call, "function");
  if (function.is_object()) {
    piece.name = text_of(function, "name", chunk);
    piece.arguments = arguments_of(function, chunk);
  } else if (!function.is_null()) {
    chunk.malformed = "a tool call's function is not an object";
  }
  chunk.tool_calls.push_back(std::move(piece));
}

void read_delta(const json& delta, openai_chunk& chunk) {
  auto& content = member(delta, "content");
  if (content.is_string())
    chunk.text = content.get<std::string>();
  else if (!content.is_null())
    chunk.malformed = "delta.content is not a string";
  auto& calls = member(delta, "tool_calls");
  if (!calls.is_null() && !calls.is_array()) chunk.malformed = "delta.tool_calls is not a list";
  if (calls.is_array())
    for (auto& x : calls) read_tool_call(x, chunk);
}

// Reads the first choice; no others were asked for.
void read_choice(const json& choice, openai_chunk& chunk) {
  if (!choice.is_object()) {
    chunk.malformed = "a choice is not an object";
    return;
  }
  chunk.finished = !member(choice, "finish_reason").is_null();
  auto& delta = member(choice, "delta");
  if (delta.is_object())
    read_delta(delta, chunk);
  else if (!delta.is_null())
    chunk.malformed = "delta is not an object";
}

} // namespace

openai_chunk parse_openai_chunk(const std::string& text) {
  openai_chunk chunk;
  auto parsed = parse_json(text);
  if (!parsed.is_object()) {
    chunk.malformed = parsed.is_discarded() ? "not JSON" : "not an object";
    return chunk;
  }
  if (auto& error = member(parsed, "error"); !error.is_null()) return error_chunk(error);
  if (member(parsed, "object") == "error") return error_chunk(parsed); // vLLM before 0.10
  if (auto& usage = member(parsed, "usage"); usage.is_object())
    chunk.usage = token_usage{count(usage, "prompt_tokens"), count(usage, "completion_tokens")};
  auto& choices = member(parsed, "choices");
  if (choices.is_array() && !choices.empty())
    read_choice(choices.front(), chunk);
  else if (!choices.is_array() && !chunk.usage)
    chunk.malformed = "no choices";
  return chunk;
}

} // namespace weir
