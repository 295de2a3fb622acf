#include "apps/weir/commands/terminal.hpp"

#include "actors/core/utf8.hpp"

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <system_error>

namespace weir {

namespace {

std::uint32_t code_point(std::string_view text) noexcept {
  auto byte = [&text](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i]));
  };
  switch (text.size()) {
  case 1:
    return byte(0);
  case 2:
    return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  case 3:
    return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  default:
    return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
  }
}

/// Controls (C0, DEL, C1), and what changes the direction of the text around it (Unicode's UAX 9).
bool steers(std::uint32_t x) noexcept {
  return x < 0x20 || (x >= 0x7F && x <= 0x9F) || x == 0x061C || x == 0x200E || x == 0x200F
         || (x >= 0x202A && x <= 0x202E) || (x >= 0x2066 && x <= 0x2069);
}

std::string hex(const char* form, std::uint32_t x) {
  char out[16];
  std::snprintf(out, sizeof out, form, static_cast<unsigned>(x));
  return out;
}

/// Calls `each` with every code point and its bytes; bytes that are no UTF-8 come one by one, as U+FFFD.
template <class F>
void for_each_code_point(std::string_view text, F each) {
  while (!text.empty()) {
    auto size = utf8::well_formed_bytes(text);
    if (size == 0)
      each(std::uint32_t{0xFFFD}, std::string_view{"\xEF\xBF\xBD"});
    else
      each(code_point(text.substr(0, size)), text.substr(0, size));
    text.remove_prefix(size == 0 ? 1 : size);
  }
}

[[noreturn]] void cannot_write() {
  auto why = errno == 0 ? "" : ": " + std::generic_category().message(errno); // 0: an earlier write failed
  throw std::runtime_error("cannot write to standard output" + why);
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  for_each_code_point(text, [&out](std::uint32_t x, std::string_view bytes) {
    if (x == '\r') return;
    if (x == '\n' || x == '\t' || !steers(x))
      out += bytes;
    else
      out += x < 0x100 ? hex("\\x%02x", x) : hex("\\u%04x", x);
  });
  return out;
}

std::string printable_json(std::string_view json) {
  std::string out;
  for_each_code_point(json, [&out](std::uint32_t x, std::string_view bytes) {
    if (steers(x) && x >= 0x20) // those below are blanks between tokens: JSON takes none in a text
      out += hex("\\u%04x", x);
    else
      out += bytes;
  });
  return out;
}

std::string repaired_utf8(std::string_view text) {
  std::string out;
  for_each_code_point(text, [&out](std::uint32_t, std::string_view bytes) { out += bytes; });
  return out;
}

void print_line(std::string_view line) {
  std::cout << line << '\n';
  check_output();
}

void check_output() {
  errno = 0;
  std::cout.flush();
  if (!std::cout) cannot_write();
}

} // namespace weir
