#include "net/openai_chunk.hpp"

#include <nlohmann/json.hpp>

#include <string_view>

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
  chunk.error = message.is_string() ? message.get<std::string>() : error.dump();
  return chunk;
}

// Reads the first choice; no others were asked for.
void read_choice(const json& choice, openai_chunk& chunk) {
  if (!choice.is_object()) {
    chunk.malformed = "a choice is not an object";
    return;
  }
  chunk.finished = !member(choice, "finish_reason").is_null();
  auto& delta = member(choice, "delta");
  if (delta.is_null()) return;
  auto& content = delta.is_object() ? member(delta, "content") : delta;
  if (content.is_string())
    chunk.text = content.get<std::string>();
  else if (!content.is_null())
    chunk.malformed = "delta.content is not a string";
}

} // namespace

openai_chunk parse_openai_chunk(const std::string& text) {
  openai_chunk chunk;
  auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_object()) {
    chunk.malformed = parsed.is_discarded() ? "not JSON" : "not an object";
    return chunk;
  }
  if (auto& error = member(parsed, "error"); !error.is_null()) return error_chunk(error);
  if (auto& usage = member(parsed, "usage"); usage.is_object())
    chunk.usage = token_usage{count(usage, "prompt_tokens"), count(usage, "completion_tokens")};
  auto& choices = member(parsed, "choices");
  if (choices.is_array() && !choices.empty())
    read_choice(choices.front(), chunk);
  else if (!choices.is_array() && !chunk.usage)
    chunk.malformed = "no choices";
  return chunk;
}

std::string openai_request_body(const std::string& model, const std::vector<chat_message>& messages) {
  json list = json::array();
  for (auto& x : messages) list.push_back({{"role", x.role}, {"content", x.content}});
  json body{{"model", model},
            {"messages", std::move(list)},
            {"stream", true},
            {"stream_options", {{"include_usage", true}}}};
  return body.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::variant<openai_endpoint, refusal> parse_openai_url(const std::string& url) {
  auto wrong = [&url](const char* what) { return refusal::bad_field("'" + url + "': " + what); };
  std::string_view rest = url;
  if (rest.substr(0, 8) == "https://") return wrong("https is not in this version yet");
  if (rest.substr(0, 7) != "http://") return wrong("must begin with http://");
  for (auto x : rest)
    if (x <= 0x20 || x > 0x7E || x == '?' || x == '#' || x == '@')
      return refusal::bad_field(
          "the URL must be http://host[:port][/path], without spaces, user, query or fragment");
  rest.remove_prefix(7);
  auto authority = rest.substr(0, rest.find('/'));
  auto path = rest.substr(authority.size());
  while (!path.empty() && path.back() == '/') path.remove_suffix(1);
  auto bracket = authority.rfind(']');
  auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  auto host = authority.substr(0, colon);
  if (bracket != std::string_view::npos && host.size() > 2) host = host.substr(1, host.size() - 2);
  auto port = colon == std::string_view::npos ? std::string_view{"80"} : authority.substr(colon + 1);
  if (host.empty()) return wrong("has no host");
  if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string_view::npos
      || std::stoul(std::string{port}) > 65535)
    return wrong("the port must be a number up to 65535");
  return openai_endpoint{std::string{host}, std::string{port}, std::string{path} + "/chat/completions",
                         std::string{authority}};
}

} // namespace weir
