#include "actors/core/json_members.hpp"

#include <nlohmann/json.hpp>

namespace weir {

namespace {

bool is_space(char c) noexcept { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over JSON text that is known to be valid.
class walker {
public:
  explicit walker(std::string_view text) noexcept : text_(text) {}

  char peek() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }

  void step() noexcept { ++at_; }

  std::string_view value() noexcept {
    auto first = peek();
    auto begin = at_;
    if (first == '"')
      skip_string();
    else if (first == '{' || first == '[')
      skip_nested();
    else
      while (at_ < text_.size() && !is_space(text_[at_]) && text_[at_] != ',' && text_[at_] != '}') ++at_;
    return text_.substr(begin, at_ - begin);
  }

private:
  void skip_string() noexcept {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_)
      if (text_[at_] == '\\') ++at_;
    ++at_;
  }

  void skip_nested() noexcept {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      auto c = text_[at_];
      if (c == '"') {
        skip_string();
        continue;
      }
      ++at_;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

std::string unquoted(std::string_view key) {
  if (key.find('\\') == std::string_view::npos) return std::string{key.substr(1, key.size() - 2)};
  return nlohmann::json::parse(key.begin(), key.end()).get<std::string>();
}

} // namespace

std::vector<json_member> json_members(std::string_view text) {
  std::vector<json_member> out;
  walker in{text};
  if (in.peek() != '{') return out;
  in.step();
  while (in.peek() == '"') {
    auto key = in.value();
    if (in.peek() != ':') break;
    in.step();
    out.push_back({unquoted(key), in.value()});
    if (in.peek() != ',') break;
    in.step();
  }
  return out;
}

std::string_view json_member_text(std::string_view text, std::string_view key) {
  std::string_view out;
  for (auto& x : json_members(text))
    if (x.key == key) out = x.value;
  return out;
}

} // namespace weir
