#include "actors/core/plain_name.hpp"

#include <algorithm>

namespace weir {

namespace {

constexpr std::size_t max_name_bytes = 64;

bool is_name_char(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

} // namespace

std::string check_plain_name(std::string_view text) {
  if (!text.empty() && text.size() <= max_name_bytes && std::all_of(text.begin(), text.end(), is_name_char))
    return {};
  return "a name must be 1 to 64 of A-Z a-z 0-9 _ -";
}

} // namespace weir
