#include "actors/core/one_line.hpp"

#include "actors/core/utf8.hpp"

namespace weir {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD"; // U+FFFD

bool is_control(std::string_view code_point) noexcept {
  auto lead = static_cast<unsigned char>(code_point[0]);
  if (code_point.size() == 1) return lead < 0x20 || lead == 0x7F;
  return lead == 0xC2 && static_cast<unsigned char>(code_point[1]) < 0xA0; // C1
}

} // namespace

std::string one_line(std::string_view text, std::size_t max_bytes) {
  auto all = text.size();
  std::string out;
  while (!text.empty() && out.size() < max_bytes) {
    auto size = utf8::well_formed_bytes(text);
    if (size == 0)
      out += replacement;
    else if (is_control(text.substr(0, size)))
      out += ' ';
    else
      out += text.substr(0, size);
    text.remove_prefix(size == 0 ? 1 : size);
  }
  if (!text.empty()) out += " [cut, " + std::to_string(all) + " bytes]";
  return out;
}

} // namespace weir
