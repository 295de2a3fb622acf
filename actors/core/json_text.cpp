#include "actors/core/json_text.hpp"

#include <algorithm>
#include <charconv>

namespace weir {

using nlohmann::json;

namespace {

bool is_too_deep(std::string_view text) noexcept {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      if (++depth > max_json_depth) return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

const json* element(const json& in, const std::string& token) {
  std::size_t index = 0;
  auto* end = token.data() + token.size();
  auto [rest, error] = std::from_chars(token.data(), end, index);
  bool canonical = token.size() == 1 || (!token.empty() && token[0] != '0');
  if (error != std::errc{} || rest != end || !canonical || index >= in.size()) return nullptr;
  return &in[index];
}

std::string_view trim(std::string_view x) {
  constexpr auto blank = " \t\r\n";
  auto from = x.find_first_not_of(blank);
  if (from == std::string_view::npos) return {};
  return x.substr(from, x.find_last_not_of(blank) - from + 1);
}

char upper(char c) noexcept { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string text_at(const json& x, std::string_view key) {
  if (!x.is_object()) return {};
  auto i = x.find(key);
  return i != x.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

} // namespace

json parse_json(std::string_view text) {
  // The parser takes a NUL for the end of its input, but JSON text has none (RFC 8259, 2).
  if (is_too_deep(text) || text.find('\0') != std::string_view::npos) return json(json::value_t::discarded);
  return json::parse(text, nullptr, false);
}

std::string check_pointer(std::string_view pointer) {
  if (!pointer.empty() && pointer[0] != '/') return "a pointer must be empty or begin with /";
  for (std::size_t i = 0; i < pointer.size(); ++i)
    if (pointer[i] == '~' && (i + 1 == pointer.size() || (pointer[i + 1] != '0' && pointer[i + 1] != '1')))
      return "in a pointer ~ must be written ~0";
  return {};
}

std::string next_pointer_token(std::string_view& rest) {
  rest.remove_prefix(1); // the slash
  auto raw = rest.substr(0, rest.find('/'));
  rest.remove_prefix(raw.size());
  std::string out;
  for (std::size_t i = 0; i < raw.size(); ++i)
    if (raw[i] == '~' && i + 1 < raw.size())
      out += raw[++i] == '1' ? '/' : '~';
    else
      out += raw[i];
  return out;
}

const json* find_pointer(const json& in, std::string_view pointer) {
  auto* at = &in;
  while (at != nullptr && !pointer.empty()) {
    if (pointer[0] != '/') return nullptr;
    auto token = next_pointer_token(pointer);
    if (at->is_object()) {
      auto i = at->find(token);
      at = i == at->end() ? nullptr : &*i;
    } else {
      at = at->is_array() ? element(*at, token) : nullptr;
    }
  }
  return at;
}

std::string plain_text(const std::string& value) {
  auto x = parse_json(value);
  if (x.is_object() && x.contains("text")) x = json(x["text"]);
  return x.is_string() ? x.get<std::string>() : value;
}

json object_in_text(const json& value) {
  auto text = text_at(value, "text");
  if (trim(text).substr(0, 1) != "{") return json(json::value_t::discarded);
  return parse_json(text);
}

std::string named_in(const json& answer, std::string_view key) {
  if (auto name = text_at(answer, key); !name.empty()) return name;
  auto inner = object_in_text(answer);
  if (inner.is_object()) return text_at(inner, key);
  auto text = text_at(answer, "text");
  auto line = trim(text);
  if (auto cut = line.find_last_of('\n'); cut != std::string_view::npos) line = trim(line.substr(cut + 1));
  std::string word{key};
  std::transform(word.begin(), word.end(), word.begin(), upper);
  word += ':';
  if (line.substr(0, word.size()) != word) return {};
  return std::string{trim(line.substr(word.size()))};
}

} // namespace weir
