#include "net/openai/json_halves.hpp"

#include "actors/core/utf8.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace weir {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::size_t escape_bytes = 6; // of \uXXXX
constexpr unsigned first_half = 0xD800;
constexpr unsigned last_half = 0xDFFF;
constexpr unsigned first_low = 0xDC00;
constexpr std::uint32_t mark_base = 0x10F000;
constexpr std::string_view mark_lead = "\xF4\x8F"; // of all of U+10F000 to U+10FFFF
constexpr std::size_t mark_bytes = 4;

bool is_high(unsigned unit) { return unit >= first_half && unit < first_low; }
bool is_low(unsigned unit) { return unit >= first_low && unit <= last_half; }

// The half that an escape at the front of `text` stands for; 0: none.
unsigned half_at(std::string_view text) {
  if (text.size() < escape_bytes || text[0] != '\\' || text[1] != 'u') return 0;
  unsigned unit = 0;
  for (auto c : text.substr(2, 4)) {
    auto digit = c >= '0' && c <= '9'   ? c - '0'
                 : c >= 'a' && c <= 'f' ? c - 'a' + 10
                 : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                        : -1;
    if (digit < 0) return 0;
    unit = unit << 4 | static_cast<unsigned>(digit);
  }
  return is_high(unit) || is_low(unit) ? unit : 0;
}

void append(std::string& out, std::uint32_t code_point) {
  out += static_cast<char>(0xF0 | code_point >> 18);
  out += static_cast<char>(0x80 | (code_point >> 12 & 0x3F));
  out += static_cast<char>(0x80 | (code_point >> 6 & 0x3F));
  out += static_cast<char>(0x80 | (code_point & 0x3F));
}

// The half that the mark at the front of `text` stands for; 0: it is no mark.
unsigned mark_at(std::string_view text) {
  if (text.size() < mark_bytes || text.substr(0, 2) != mark_lead) return 0;
  auto low =
      (static_cast<unsigned char>(text[2]) & 0x3FU) << 6 | (static_cast<unsigned char>(text[3]) & 0x3FU);
  auto unit = first_half + low;
  return unit <= last_half ? unit : 0;
}

} // namespace

std::string mark_halves(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    auto unit = half_at(json);
    if (is_high(unit) && is_low(half_at(json.substr(escape_bytes)))) {
      out += json.substr(0, 2 * escape_bytes);
      json.remove_prefix(2 * escape_bytes);
    } else if (unit != 0) {
      append(out, mark_base + unit - first_half);
      json.remove_prefix(escape_bytes);
    } else if (json[0] == '\\' && json.size() > 1 && json[1] == '\\') {
      out += json.substr(0, 2); // a backslash of the text's: what follows is no escape
      json.remove_prefix(2);
    } else {
      auto bytes = utf8::well_formed_bytes(json);
      out += bytes == 0 ? replacement : json.substr(0, bytes);
      json.remove_prefix(bytes == 0 ? 1 : bytes);
    }
  }
  return out;
}

std::string half_joiner::add(std::string_view piece, bool marked) {
  std::string out;
  while (!piece.empty()) {
    auto unit = marked ? mark_at(piece) : 0;
    if (unit == 0) {
      auto end = marked ? piece.find(mark_lead, 1) : std::string_view::npos;
      out += finish();
      out += piece.substr(0, end);
      piece.remove_prefix(std::min(end, piece.size()));
      continue;
    }
    piece.remove_prefix(mark_bytes);
    if (high_ != 0 && is_low(unit)) {
      append(out, 0x10000 + ((std::exchange(high_, 0) - first_half) << 10) + (unit - first_low));
      continue;
    }
    out += finish();
    if (is_high(unit))
      high_ = unit;
    else
      out += replacement;
  }
  return out;
}

std::string half_joiner::finish() {
  return std::exchange(high_, 0) == 0 ? std::string{} : std::string{replacement};
}

} // namespace weir
