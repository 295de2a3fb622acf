#include "net/wire/plain_json.hpp"

#include "actors/core/utf8.hpp"

#include <algorithm>
#include <array>

namespace weir::wire {

namespace {

constexpr std::size_t max_digits = 18; // any such number fits into 64 bits

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

/// What a string may hold byte by byte: neither its end, nor an escape, nor a part of a longer code point.
constexpr auto plain_bytes = [] {
  std::array<bool, 256> out{};
  for (std::size_t c = 0x20; c < 0x80; ++c) out[c] = c != '"' && c != '\\';
  return out;
}();

/// A key, and where it and its value stand in the text that is written.
struct member {
  std::string_view key;
  std::size_t begin, end;
};

/// Puts the members that were written from `begin` on, with commas in between, into the order of their keys.
/// Gives false when a key is there twice.
bool sort_members(std::string& out, std::size_t begin, member* first, member* last) {
  auto by_key = [](const member& a, const member& b) { return a.key < b.key; };
  if (!std::is_sorted(first, last, by_key)) {
    std::sort(first, last, by_key);
    std::string sorted;
    sorted.reserve(out.size() - begin);
    for (auto* x = first; x != last; ++x) {
      if (x != first) sorted += ',';
      sorted.append(out, x->begin, x->end - x->begin);
    }
    out.replace(begin, std::string::npos, sorted);
  }
  return std::adjacent_find(first, last, [](auto& a, auto& b) { return a.key == b.key; }) == last;
}

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

std::optional<std::string_view> plain_json::string() noexcept {
  if (!skip('"')) return std::nullopt;
  auto begin = at_;
  while (at_ < text_.size()) {
    if (plain_bytes[static_cast<unsigned char>(text_[at_])]) {
      ++at_;
    } else if (text_[at_] == '"') {
      return text_.substr(begin, at_++ - begin);
    } else {
      auto bytes = utf8::well_formed_bytes(text_.substr(at_));
      if (bytes < 2) return std::nullopt; // an escape, a control character, or not UTF-8
      at_ += bytes;
    }
  }
  return std::nullopt;
}

bool plain_json::word(std::string_view text) noexcept {
  if (text_.substr(at_, text.size()) != text) return false;
  at_ += text.size();
  return true;
}

std::optional<bool> plain_json::boolean() noexcept {
  skip_space();
  if (word("true")) return true;
  if (word("false")) return false;
  return std::nullopt;
}

bool plain_json::value(std::string& out, std::size_t depth) {
  skip_space();
  if (at_ == text_.size()) return false;
  auto begin = at_;
  switch (text_[at_]) {
  case '"':
    return text_value(out);
  case '{':
    return depth > 0 && object(out, depth - 1);
  case '[':
    return depth > 0 && array(out, depth - 1);
  case 't':
  case 'f':
  case 'n':
    if (!word("true") && !word("false") && !word("null")) return false;
    out += text_.substr(begin, at_ - begin);
    return true;
  default:
    return number(out);
  }
}

bool plain_json::text_value(std::string& out) {
  auto text = string();
  if (!text) return false;
  out += '"';
  out += *text;
  out += '"';
  return true;
}

bool plain_json::number(std::string& out) {
  auto begin = at_;
  auto negative = text_[at_] == '-';
  if (negative) ++at_;
  auto first = at_;
  while (at_ < text_.size() && is_digit(text_[at_])) ++at_;
  auto digits = at_ - first;
  if (digits == 0 || digits > max_digits) return false;
  if (text_[first] == '0' && (digits > 1 || negative)) return false;
  if (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == 'e' || text_[at_] == 'E')) return false;
  out += text_.substr(begin, at_ - begin);
  return true;
}

bool plain_json::array(std::string& out, std::size_t depth) {
  ++at_;
  out += '[';
  if (!skip(']')) {
    do {
      if (out.back() != '[') out += ',';
      if (!value(out, depth)) return false;
    } while (skip(','));
    if (!skip(']')) return false;
  }
  out += ']';
  return true;
}

bool plain_json::object(std::string& out, std::size_t depth) {
  ++at_;
  out += '{';
  auto begin = out.size();
  std::array<member, max_keys> members;
  std::size_t count = 0;
  if (!skip('}')) {
    do {
      if (count == max_keys) return false;
      if (count > 0) out += ',';
      auto& x = members[count++];
      x.begin = out.size();
      auto key = string();
      if (!key || !skip(':')) return false;
      x.key = *key;
      out += '"';
      out += *key;
      out += "\":";
      if (!value(out, depth)) return false;
      x.end = out.size();
    } while (skip(','));
    if (!skip('}') || !sort_members(out, begin, members.data(), members.data() + count)) return false;
  }
  out += '}';
  return true;
}

} // namespace weir::wire
