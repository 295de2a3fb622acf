#include "net/http/http_message.hpp"

#include "actors/core/json_print.hpp"
#include "actors/core/utf8.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace weir {

namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  auto x = lower(c);
  return x >= 'a' && x <= 'f' ? x - 'a' + 10 : -1;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

} // namespace

std::string to_lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  auto from = text.find_first_not_of(" \t");
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(" \t") - from + 1);
}

std::string http_request::field(std::string_view name) const {
  std::string out;
  for (auto& x : fields)
    if (x.name == name) {
      if (!out.empty()) out += ", ";
      out += x.value;
    }
  return out;
}

std::size_t http_request::count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(fields.begin(), fields.end(), [name](const http_field& x) { return x.name == name; }));
}

bool http_request::has_token(std::string_view name, std::string_view token) const {
  auto found = false;
  for_each_element(field(name), [&](std::string_view x) { found = found || to_lower(x) == token; });
  return found;
}

http_reply error_reply(unsigned status, std::string_view reason, std::string_view message,
                       std::int64_t retry_after_ms) {
  nlohmann::json body = {{"error", {{"code", status}, {"reason", reason}, {"message", message}}}};
  if (retry_after_ms > 0) body["error"]["retry_after_ms"] = retry_after_ms;
  auto out = json_reply(print_json(body) + "\n", status);
  out.retry_after_ms = retry_after_ms;
  return out;
}

http_reply bad_method_reply(const std::string& allowed) {
  auto out = error_reply(405, "bad_method", "only " + allowed + " are allowed here");
  return out.with("allow", allowed);
}

http_reply not_found_reply(std::string_view path) {
  return error_reply(404, "not_found", "nothing is at " + std::string{path});
}

http_reply json_reply(std::string json, unsigned status) {
  return {status, "application/json", std::move(json), {}, 0, {}};
}

std::string media_type(std::string_view value) { return to_lower(trimmed(value.substr(0, value.find(';')))); }

bool percent_decode(std::string_view text, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    auto high = hex_digit(text[i + 1]), low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high << 4 | low);
    i += 2;
  }
  return std::none_of(out.begin(), out.end(), is_control) && utf8::is_well_formed(out);
}

std::string query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    auto end = query.find('&');
    auto pair = query.substr(0, end);
    query = end == std::string_view::npos ? std::string_view{} : query.substr(end + 1);
    auto equals = pair.find('=');
    if (pair.substr(0, equals) != name || equals == std::string_view::npos) continue;
    std::string encoded{pair.substr(equals + 1)}, out;
    std::replace(encoded.begin(), encoded.end(), '+', ' ');
    return percent_decode(encoded, out) ? out : std::string{};
  }
  return {};
}

} // namespace weir
