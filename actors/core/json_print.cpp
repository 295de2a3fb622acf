#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

bool is_plain(char c) noexcept { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

template <class Json>
std::string print(const Json& x, int indent) {
  return x.dump(indent, ' ', false, Json::error_handler_t::replace);
}

} // namespace

std::string print_json(const nlohmann::json& x, int indent) { return print(x, indent); }

template <std::same_as<nlohmann::ordered_json> Json>
std::string print_json(const Json& x, int indent) {
  return print(x, indent);
}

template std::string print_json(const nlohmann::ordered_json& x, int indent);

void append_json_string(std::string& out, std::string_view value) {
  if (!std::all_of(value.begin(), value.end(), is_plain)) {
    out += print_json(nlohmann::json(value));
    return;
  }
  out += '"';
  out += value;
  out += '"';
}

std::string json_string(std::string_view value) {
  std::string out;
  append_json_string(out, value);
  return out;
}

} // namespace weir
