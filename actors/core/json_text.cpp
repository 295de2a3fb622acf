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

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

/// The text of a member; `key` as it is written, else in any case.
std::string text_at(const json& x, std::string_view key) {
  if (!x.is_object()) return {};
  auto i = x.find(key);
  for (auto j = x.begin(); i == x.end() && j != x.end(); ++j)
    if (same_word(j.key(), key)) i = j;
  return i != x.end() && i->is_string() ? i->get<std::string>() : std::string{};
}

/// Without what Markdown and quoting put around a word, and without a full stop. Underscores belong to names.
std::string plain_word(std::string_view x) {
  constexpr std::string_view around = " \t\r\n*`'\"<>[](){}#.,;!";
  auto from = x.find_first_not_of(around);
  if (from == std::string_view::npos) return {};
  return std::string{x.substr(from, x.find_last_not_of(around) - from + 1)};
}

/// The last line that has a word in it: where it begins, and what it names after `<key>:`.
struct naming_line {
  std::size_t at = 0;
  std::string name;
};

naming_line last_line(std::string_view text, std::string_view key) {
  constexpr std::string_view no_word = " \t\r\n*`#>-_";
  auto last = text.find_last_not_of(no_word);
  if (last == std::string_view::npos) return {};
  auto newline = text.find_last_of('\n', last);
  naming_line out{newline == std::string_view::npos ? 0 : newline + 1, {}};
  auto line = text.substr(out.at, text.find('\n', last) - out.at);
  line.remove_prefix(std::min(line.find_first_not_of(no_word), line.size()));
  if (!same_word(line.substr(0, key.size()), key)) return out;
  line.remove_prefix(key.size());
  auto colon = line.find_first_not_of(" \t*`_");
  if (colon == std::string_view::npos || line[colon] != ':') return out;
  out.name = plain_word(line.substr(colon + 1));
  return out;
}

/// What stands in the first fenced block, without the line that opens it.
std::string_view fenced(std::string_view text) {
  constexpr std::string_view fence = "```";
  auto open = text.find(fence);
  auto line_end = text.find('\n', open == std::string_view::npos ? open : open + fence.size());
  if (line_end == std::string_view::npos) return {};
  auto close = text.find(fence, line_end);
  return text.substr(line_end, close == std::string_view::npos ? close : close - line_end);
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
  for (auto inner : {trim(text), trim(fenced(text))}) {
    if (inner.substr(0, 1) != "{") continue;
    if (auto x = parse_json(inner); x.is_object()) return x;
  }
  return json(json::value_t::discarded);
}

std::string named_in(const json& answer, std::string_view key) {
  if (auto name = text_at(answer, key); !name.empty()) return plain_word(name);
  auto inner = object_in_text(answer);
  if (inner.is_object()) return plain_word(text_at(inner, key));
  return last_line(text_at(answer, "text"), key).name;
}

std::string without_naming_line(const std::string& text, std::string_view key) {
  auto line = last_line(text, key);
  if (line.name.empty()) return text;
  return std::string{trim(std::string_view{text}.substr(0, line.at))};
}

const std::string* find_named(const std::vector<std::string>& among, std::string_view name) {
  auto exact = std::find(among.begin(), among.end(), name);
  if (exact != among.end()) return &*exact;
  const std::string* found = nullptr;
  for (auto& x : among) {
    if (!same_word(x, name)) continue;
    if (found != nullptr) return nullptr;
    found = &x;
  }
  return found;
}

} // namespace weir
