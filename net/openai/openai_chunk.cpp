#include "net/openai/openai_chunk.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/json_text.hpp"
#include "net/openai/json_halves.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace weir {

using nlohmann::json;

namespace {

constexpr double max_count = 1e15; // of tokens; above it a server does not count, it errs

// Member `name` of an object; null where it is absent.
const json& member(const json& object, const char* name) {
  static const json null;
  if (!object.is_object()) return null;
  auto i = object.find(name);
  return i == object.end() ? null : *i;
}

// Whether there is anything in it: servers send members that are there and hold nothing.
bool says_something(const json& x) {
  switch (x.type()) {
  case json::value_t::null:
  case json::value_t::discarded:
    return false;
  case json::value_t::boolean:
    return x.get<bool>();
  case json::value_t::string:
    return !x.get_ref<const std::string&>().empty();
  case json::value_t::object:
  case json::value_t::array:
    return std::any_of(x.begin(), x.end(), says_something);
  default:
    return x.get<double>() != 0;
  }
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

template <std::size_t N>
bool is_one_of(std::string_view word, const char* const (&words)[N]) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

// Whole numbers in whatever way they are written.
std::optional<std::int64_t> number_of(const json& x) {
  if (x.is_number() && std::abs(x.get<double>()) <= max_count)
    return static_cast<std::int64_t>(x.get<double>());
  if (!x.is_string()) return std::nullopt;
  auto& text = x.get_ref<const std::string&>();
  std::int64_t out = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

std::uint64_t count(const json& usage, const char* name) {
  auto n = number_of(member(usage, name)).value_or(0);
  return n > 0 ? static_cast<std::uint64_t>(n) : 0;
}

void read_usage(const json& usage, openai_chunk& chunk) {
  token_usage out{count(usage, "prompt_tokens"), count(usage, "completion_tokens")};
  if (out.input_tokens + out.output_tokens > 0) chunk.usage = out;
}

// -- errors

// Whether the same request can do better later: not when the server blames the request.
bool is_retryable(const json& error) {
  constexpr const char* blames_request[] = {
      "invalid_request_error",   "invalid_request",    "badrequesterror",
      "bad_request_error",       "bad_request",        "authentication_error",
      "permission_error",        "not_found_error",    "invalid_api_key",
      "model_not_found",         "insufficient_quota", "context_length_exceeded",
      "content_policy_violation"};
  for (auto* name : {"code", "status_code", "status"})
    if (auto number = number_of(member(error, name)))
      return *number == 408 || *number == 425 || *number == 429 || *number < 400 || *number >= 500;
  for (auto* name : {"code", "type"})
    if (auto& word = member(error, name); word.is_string())
      if (is_one_of(lower(word.get_ref<const std::string&>()), blames_request)) return false;
  return true;
}

openai_chunk error_chunk(const json& from) {
  auto* error = &from;
  while (says_something(member(*error, "error"))) error = &member(*error, "error");
  openai_chunk chunk;
  chunk.is_error = true;
  chunk.error_retryable = is_retryable(*error);
  for (auto* name : {"message", "msg", "detail"})
    if (auto& text = member(*error, name); text.is_string() && says_something(text)) {
      chunk.error = text.get<std::string>();
      return chunk;
    }
  chunk.error = error->is_string() ? error->get<std::string>() : print_json(*error);
  return chunk;
}

// -- tool calls

// The API wants arguments as text; there are servers that send the object itself.
std::string arguments_of(const json& function, openai_chunk& chunk) {
  auto& x = member(function, "arguments");
  if (x.is_string()) return x.get<std::string>();
  if (x.is_object()) return print_json(x);
  if (says_something(x)) chunk.malformed = "a tool call's arguments are not a string";
  return {};
}

std::string text_of(const json& object, const char* name, openai_chunk& chunk) {
  auto& x = member(object, name);
  if (x.is_string()) return x.get<std::string>();
  if (says_something(x)) chunk.malformed = std::string{"a tool call's "} + name + " is not a string";
  return {};
}

void read_function(const json& function, tool_call_piece& piece, openai_chunk& chunk) {
  piece.name = text_of(function, "name", chunk);
  piece.arguments = arguments_of(function, chunk);
}

void read_tool_call(const json& call, openai_chunk& chunk) {
  if (!call.is_object()) {
    if (says_something(call)) chunk.malformed = "a tool call is not an object";
    return;
  }
  tool_call_piece piece;
  piece.marked = chunk.marked;
  if (auto index = number_of(member(call, "index")); index && *index >= 0)
    piece.index = static_cast<std::uint64_t>(*index);
  piece.id = text_of(call, "id", chunk);
  auto& function = member(call, "function");
  if (function.is_object())
    read_function(function, piece, chunk);
  else if (says_something(function))
    chunk.malformed = "a tool call's function is not an object";
  chunk.tool_calls.push_back(std::move(piece));
}

void read_tool_calls(const json& message, openai_chunk& chunk) {
  auto& calls = member(message, "tool_calls");
  if (calls.is_array())
    for (auto& x : calls) read_tool_call(x, chunk);
  else if (calls.is_object() && says_something(calls))
    read_tool_call(calls, chunk);
  else if (says_something(calls))
    chunk.malformed = "tool_calls is not a list";
  auto& old = member(message, "function_call"); // as it was before tools
  if (!old.is_object() || !says_something(old)) return;
  tool_call_piece piece;
  piece.marked = chunk.marked;
  read_function(old, piece, chunk);
  chunk.tool_calls.push_back(std::move(piece));
}

// -- text

// A part of a list: of text, of a refusal, of thoughts, of what is no text at all.
void read_part(const json& part, openai_chunk& chunk) {
  if (part.is_string()) {
    chunk.text += part.get_ref<const std::string&>();
    return;
  }
  auto& type = member(part, "type");
  if (type == "thinking" || type == "reasoning") chunk.thinks = true;
  if (type.is_string() && type != "text" && type != "output_text" && type != "refusal") return;
  for (auto* text : {&member(part, "text"), &member(member(part, "text"), "value")})
    if (text->is_string()) chunk.text += text->get_ref<const std::string&>();
  if (auto& no = member(part, "refusal"); no.is_string())
    chunk.refusal_text += no.get_ref<const std::string&>();
}

void read_content(const json& content, openai_chunk& chunk) {
  if (content.is_array())
    for (auto& x : content) read_part(x, chunk);
  else if (content.is_string() || content.is_object())
    read_part(content, chunk);
  else if (says_something(content))
    chunk.malformed = "content is no text";
}

void read_message(const json& message, openai_chunk& chunk) {
  read_content(member(message, "content"), chunk);
  if (auto& no = member(message, "refusal"); no.is_string())
    chunk.refusal_text += no.get_ref<const std::string&>();
  for (auto* name : {"reasoning_content", "reasoning", "thinking"})
    chunk.thinks = chunk.thinks || says_something(member(message, name));
  read_tool_calls(message, chunk);
}

// The reason is a word, or an object whose type is one (SGLang).
std::string finish_word(const json& choice) {
  auto* reason = &member(choice, "finish_reason");
  if (reason->is_object()) reason = &member(*reason, "type");
  return reason->is_string() ? reason->get<std::string>() : std::string{};
}

// Reads the first choice; no others were asked for.
openai_chunk read_choice(const json& choice, openai_chunk chunk) {
  if (!choice.is_object()) {
    if (says_something(choice)) chunk.malformed = "a choice is not an object";
    return chunk;
  }
  if (auto& error = member(choice, "error"); says_something(error)) return error_chunk(error);
  auto word = finish_word(choice);
  if (is_error_word(word)) return error_chunk("the answer ended with finish_reason " + word);
  chunk.finish = finish_reason_of(word);
  auto& delta = member(choice, "delta");
  auto& message = member(choice, "message");
  if (delta.is_object()) {
    read_message(delta, chunk);
  } else if (message.is_object()) {
    chunk.whole = true;
    read_message(message, chunk);
  } else if (says_something(delta)) {
    chunk.malformed = "delta is not an object";
  }
  return chunk;
}

openai_chunk read_chunk(const json& parsed, openai_chunk chunk) {
  if (auto& error = member(parsed, "error"); says_something(error)) return error_chunk(error);
  if (member(parsed, "object") == "error" || member(parsed, "type") == "error") return error_chunk(parsed);
  read_usage(member(member(parsed, "x_groq"), "usage"), chunk);
  read_usage(member(parsed, "usage"), chunk);
  auto& choices = member(parsed, "choices");
  if (choices.is_array() && !choices.empty()) return read_choice(choices.front(), std::move(chunk));
  chunk.trailer = choices.is_array() && chunk.usage && chunk.usage->output_tokens > 0;
  if (!choices.is_array() && says_something(choices)) chunk.malformed = "choices is not a list";
  return chunk;
}

} // namespace

openai_chunk parse_openai_chunk(const std::string& text, bool is_error) {
  openai_chunk chunk;
  auto parsed = parse_json(text);
  if (parsed.is_discarded()) {
    chunk.marked = true;
    parsed = parse_json(mark_halves(text));
  }
  if (is_error) return error_chunk(parsed.is_discarded() ? json(text) : parsed);
  if (parsed.is_discarded()) {
    chunk.malformed = "not JSON, or nested too deep";
    return chunk;
  }
  if (parsed.is_array() && !parsed.empty() && says_something(member(parsed.front(), "error")))
    return error_chunk(parsed.front()); // Gemini's
  return read_chunk(parsed, std::move(chunk));
}

std::optional<finish_reason> finish_reason_of(std::string_view word) {
  constexpr const char* nothing[] = {"", "null", "none", "finish_reason_unspecified", "unspecified"};
  constexpr const char* length[] = {"length",       "max_tokens", "max_output_tokens",
                                    "model_length", "max_length", "token_limit"};
  constexpr const char* filter[] = {"content_filter",
                                    "content_filtered",
                                    "safety",
                                    "recitation",
                                    "blocklist",
                                    "spii",
                                    "sensitive",
                                    "refusal",
                                    "prohibited_content",
                                    "image_safety",
                                    "guardrail_intervened"};
  constexpr const char* tools[] = {"tool_calls", "tool_call", "function_call", "tool_use"};
  auto x = lower(word);
  if (is_one_of(x, nothing) || is_error_word(word)) return std::nullopt;
  if (is_one_of(x, length)) return finish_reason::length;
  if (is_one_of(x, filter)) return finish_reason::content_filter;
  if (is_one_of(x, tools)) return finish_reason::tool_calls;
  return finish_reason::stop; // eos, end_turn, stop_sequence, …
}

bool is_error_word(std::string_view word) {
  constexpr const char* words[] = {"error",
                                   "abort",
                                   "aborted",
                                   "cancelled",
                                   "network_error",
                                   "insufficient_system_resource",
                                   "malformed_function_call"};
  return is_one_of(lower(word), words);
}

} // namespace weir
