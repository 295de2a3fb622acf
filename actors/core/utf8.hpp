#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

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

} // namespace weir::utf8
