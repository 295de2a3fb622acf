#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

namespace weir::utf8 {

/// Whether `byte` goes on with a code point that an earlier byte began.
constexpr bool is_continuation(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

/// How many bytes the code point that begins with `lead` takes; 1 for a byte that begins none.
constexpr std::size_t length_bytes(char lead) noexcept {
  auto byte = static_cast<unsigned char>(lead);
  if (byte >= 0xF0 && byte < 0xF8) return 4;
  if (byte >= 0xE0 && byte < 0xF0) return 3;
  if (byte >= 0xC0 && byte < 0xE0) return 2;
  return 1;
}

/// How many bytes the code point takes that `text` begins with; 0: it begins with none that is well formed
/// (RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF).
constexpr std::size_t well_formed_bytes(std::string_view text) noexcept {
  if (text.empty()) return 0;
  auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  auto size = length_bytes(text[0]);
  if (size < 2 || lead < 0xC2 || lead > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!is_continuation(text[i])) return 0;
  auto second = static_cast<unsigned char>(text[1]);
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  return size;
}

/// Whether all of `text` is UTF-8.
constexpr bool is_well_formed(std::string_view text) noexcept {
  while (!text.empty()) {
    if (!std::is_constant_evaluated() && text.size() >= 8) { // most texts are ASCII for the most part
      std::uint64_t word = 0;
      std::memcpy(&word, text.data(), 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        text.remove_prefix(8);
        continue;
      }
    }
    auto size = well_formed_bytes(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

/// The number of Unicode code points in valid UTF-8, as the protocol's `at` counts them.
constexpr std::uint64_t code_points(std::string_view text) noexcept {
  std::uint64_t n = 0;
  for (auto byte : text) n += is_continuation(byte) ? 0 : 1;
  return n;
}

/// The length in bytes of the longest beginning of `text` that does not end inside a code point.
constexpr std::size_t whole_prefix(std::string_view text) noexcept {
  auto lead = text.size();
  for (std::size_t back = 1; back <= 4 && back <= text.size(); ++back) {
    if (is_continuation(text[text.size() - back])) continue;
    lead = text.size() - back;
    break;
  }
  if (lead == text.size()) return text.size(); // empty, or no text at all: nothing to hold back
  return lead + length_bytes(text[lead]) > text.size() ? lead : text.size();
}

/// The first `n` code points of `text`, or all of it.
constexpr std::string_view first_code_points(std::string_view text, std::size_t n) noexcept {
  std::size_t end = 0;
  while (end < text.size() && (n > 0 || is_continuation(text[end]))) {
    if (!is_continuation(text[end])) --n;
    ++end;
  }
  return text.substr(0, end);
}

/// `text` without its first `n` code points.
constexpr std::string_view after_code_points(std::string_view text, std::size_t n) noexcept {
  return text.substr(first_code_points(text, n).size());
}

} // namespace weir::utf8
