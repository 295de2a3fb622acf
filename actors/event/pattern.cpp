#include "actors/event/pattern.hpp"

#include <algorithm>

namespace weir {

namespace {

bool is_token_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool is_literal(std::string_view token) noexcept {
  return !token.empty() && std::all_of(token.begin(), token.end(), is_token_char);
}

std::string check(std::string_view subject, bool wildcards) {
  if (subject.empty()) return "is empty";
  if (subject.size() > max_type_bytes) return "is longer than 256 bytes";
  if (subject.back() == '.') return "ends with a dot";
  std::size_t tokens = 0;
  for (auto rest = subject; !rest.empty();) {
    auto token = next_token(rest);
    if (++tokens > max_type_tokens) return "has more than 16 tokens";
    if (is_literal(token) || (wildcards && token == "*")) continue;
    if (wildcards && token == ">" && rest.empty()) continue;
    if (wildcards && token == ">") return "has `>` before its last token";
    if (token.empty()) return "has an empty token";
    return "has the token `" + std::string{token} + "`, which is not made of A-Z a-z 0-9 _ -";
  }
  return {};
}

} // namespace

std::string_view next_token(std::string_view& rest) noexcept {
  auto dot = rest.find('.');
  auto token = rest.substr(0, dot);
  rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
  return token;
}

std::string check_type(std::string_view type) { return check(type, false); }

std::string check_pattern(std::string_view pattern) { return check(pattern, true); }

bool matches(std::string_view pattern, std::string_view type) noexcept {
  while (!pattern.empty() && !type.empty()) {
    auto want = next_token(pattern);
    if (want == ">") return true;
    auto have = next_token(type);
    if (want != "*" && want != have) return false;
  }
  return pattern.empty() && type.empty();
}

bool is_server_type(std::string_view type) noexcept { return next_token(type) == "sys"; }

std::vector<std::string_view> captures(std::string_view pattern, std::string_view type) {
  std::vector<std::string_view> out;
  while (!pattern.empty() && !type.empty()) {
    auto want = next_token(pattern);
    if (want == ">") {
      out.push_back(type);
      break;
    }
    auto have = next_token(type);
    if (want == "*") out.push_back(have);
  }
  return out;
}

std::string fill_subject(std::string_view subject, std::string_view pattern, std::string_view type) {
  auto found = captures(pattern, type);
  std::string out;
  while (!subject.empty()) {
    auto open = subject.find('{');
    auto close = subject.find('}', open);
    if (open == std::string_view::npos || close == std::string_view::npos) break;
    out += subject.substr(0, open);
    std::size_t number = 0;
    for (auto c : subject.substr(open + 1, close - open - 1))
      number = number * 10 + static_cast<std::size_t>(c - '0');
    if (number >= 1 && number <= found.size()) out += found[number - 1];
    subject.remove_prefix(close + 1);
  }
  return out.append(subject);
}

} // namespace weir
