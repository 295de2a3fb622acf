#include "net/wire/plain_json.hpp"

#include "actors/core/utf8.hpp"

#include <array>

namespace weir::wire {

namespace {

constexpr std::size_t max_digits = 18; // any such number fits into 64 bits, or is exact enough for a double

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// What a string may hold byte by byte: neither its end, nor an escape, nor a part of a longer code point.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < 0x80; ++c) out[c] = c != '"' && c != '\\';
  return out;
}();

constexpr std::string_view short_escapes = "\"\\/bfnrt";

} // namespace

void plain_json::skip_space() noexcept {
  while (at_ < text_.size()
         && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\r' || text_[at_] == '\t'))
    ++at_;
}

bool plain_json::skip(char c) noexcept {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool plain_json::at_end() noexcept {
  skip_space();
  return at_ == text_.size();
}

bool plain_json::skip_string(bool escapes) noexcept {
  if (!skip('"')) return false;
  while (at_ < text_.size()) {
    if (plain_bytes[static_cast<unsigned char>(text_[at_])]) {
      ++at_;
    } else if (text_[at_] == '"') {
      ++at_;
      return true;
    } else if (text_[at_] == '\\') {
      if (!escapes || at_ + 1 == text_.size()) return false;
      if (short_escapes.find(text_[at_ + 1]) == std::string_view::npos) return false;
      at_ += 2;
    } else {
      auto bytes = utf8::well_formed_bytes(text_.substr(at_));
      if (bytes < 2) return false; // a control character, or not UTF-8
      at_ += bytes;
    }
  }
  return false;
}

std::optional<std::string_view> plain_json::string() noexcept {
  skip_space();
  auto begin = at_ + 1;
  if (!skip_string(false)) return std::nullopt;
  return text_.substr(begin, at_ - 1 - begin);
}

bool plain_json::skip_word(std::string_view text) noexcept {
  if (text_.substr(at_, text.size()) != text) return false;
  at_ += text.size();
  return true;
}

std::optional<bool> plain_json::boolean() noexcept {
  skip_space();
  if (skip_word("true")) return true;
  if (skip_word("false")) return false;
  return std::nullopt;
}

std::optional<std::string_view> plain_json::value(std::size_t depth) noexcept {
  skip_space();
  auto begin = at_;
  if (!skip_value(depth)) return std::nullopt;
  return text_.substr(begin, at_ - begin);
}

bool plain_json::skip_value(std::size_t depth) noexcept {
  skip_space();
  if (at_ == text_.size()) return false;
  switch (text_[at_]) {
  case '"':
    return skip_string(true);
  case '{':
    return depth > 0 && skip_object(depth - 1);
  case '[':
    return depth > 0 && skip_array(depth - 1);
  case 't':
    return skip_word("true");
  case 'f':
    return skip_word("false");
  case 'n':
    return skip_word("null");
  default:
    return skip_number();
  }
}

std::size_t plain_json::skip_digits() noexcept {
  auto begin = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  return at_ - begin;
}

bool plain_json::skip_number() noexcept {
  if (text_[at_] == '-') ++at_;
  auto zero = at_ < text_.size() && text_[at_] == '0';
  auto digits = skip_digits();
  if (digits == 0 || (zero && digits > 1)) return false;
  if (at_ < text_.size() && text_[at_] == '.') {
    ++at_;
    auto fraction = skip_digits();
    if (fraction == 0) return false;
    digits += fraction;
  }
  if (at_ < text_.size() && (text_[at_] == 'e' || text_[at_] == 'E')) return false;
  return digits <= max_digits;
}

bool plain_json::skip_array(std::size_t depth) noexcept {
  ++at_;
  if (skip(']')) return true;
  do {
    if (!skip_value(depth)) return false;
  } while (skip(','));
  return skip(']');
}

bool plain_json::skip_object(std::size_t depth) noexcept {
  ++at_;
  if (skip('}')) return true;
  do {
    skip_space();
    if (!skip_string(true) || !skip(':') || !skip_value(depth)) return false;
  } while (skip(','));
  return skip('}');
}

} // namespace weir::wire
