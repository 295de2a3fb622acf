#include "actors/core/client_id.hpp"

#include <algorithm>

namespace weir {

namespace {

bool begins_with(std::string_view text, std::string_view prefix) noexcept {
  return text.substr(0, prefix.size()) == prefix;
}

bool is_client_id_char(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.'
         || c == ':' || c == '-';
}

} // namespace

std::string check_client_id(std::string_view text) {
  auto valid = !text.empty() && text.size() <= max_client_id_bytes
               && std::all_of(text.begin(), text.end(), is_client_id_char);
  return valid ? "" : "must be 1 to 64 of A-Z a-z 0-9 _ . : -";
}

bool is_server_client(std::string_view client_id) noexcept {
  return client_id == "sys" || begins_with(client_id, "sys.") || begins_with(client_id, "sys:")
         || begins_with(client_id, "agent:");
}

bool is_anonymous_client(std::string_view client_id) noexcept { return begins_with(client_id, "anon:"); }

} // namespace weir
