#include "actors/store/redis/redis_url.hpp"

#include <charconv>
#include <optional>

namespace weir {

namespace {

constexpr std::string_view scheme = "redis://";

struct url_error {
  const char* what;
};

template <class T>
T number(std::string_view text, T max, const char* otherwise) {
  T out = 0;
  auto end = text.data() + text.size();
  auto [at, failed] = std::from_chars(text.data(), end, out);
  if (failed != std::errc{} || at != end || out > max) throw url_error{otherwise};
  return out;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned value = 0;
    auto digits = text.substr(i + 1, 2);
    auto [at, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 2 || failed != std::errc{} || at != digits.data() + 2)
      throw url_error{"the user or password has a % that two hexadecimal digits do not follow"};
    out += static_cast<char>(value);
    i += 2;
  }
  return out;
}

void read_user(std::string_view text, redis_address& out) {
  auto colon = text.find(':');
  out.user = decode_percent(text.substr(0, colon));
  if (colon != std::string_view::npos) out.password = decode_percent(text.substr(colon + 1));
}

void read_host(std::string_view text, redis_address& out) {
  auto name_end = text.find(':');
  if (!text.empty() && text.front() == '[') {
    auto bracket = text.find(']');
    if (bracket == std::string_view::npos) throw url_error{"the host has a [ without a ]"};
    out.host = text.substr(1, bracket - 1);
    name_end = bracket + 1;
    if (name_end < text.size() && text[name_end] != ':') throw url_error{"only a port may follow the ]"};
  } else {
    out.host = text.substr(0, name_end);
  }
  if (out.host.empty()) throw url_error{"the host is missing"};
  if (name_end >= text.size()) return;
  out.port = number<std::uint16_t>(text.substr(name_end + 1), 65'535, "the port must be 1 to 65535");
  if (out.port == 0) throw url_error{"the port must be 1 to 65535"};
}

redis_address parse(std::string_view url) {
  if (url.substr(0, 9) == "rediss://")
    throw url_error{"TLS (rediss://) is not in this version; use a tunnel, or a network that you trust"};
  if (url.substr(0, scheme.size()) != scheme) throw url_error{"must begin with redis://"};
  url.remove_prefix(scheme.size());
  redis_address out;
  if (auto at = url.rfind('@'); at != std::string_view::npos) {
    read_user(url.substr(0, at), out);
    url.remove_prefix(at + 1);
  }
  if (url.find_first_of("?#") != std::string_view::npos) throw url_error{"nothing may follow the database"};
  auto slash = url.find('/');
  read_host(url.substr(0, slash), out);
  if (slash != std::string_view::npos && slash + 1 < url.size())
    out.database = number<std::uint32_t>(url.substr(slash + 1), 1'000'000, "the database must be a number");
  return out;
}

} // namespace

std::variant<redis_address, std::string> parse_redis_url(std::string_view url) {
  try {
    return parse(url);
  } catch (const url_error& error) {
    return std::string{error.what};
  }
}

std::string mask_redis_url(std::string_view url) {
  auto at = url.rfind('@');
  if (at == std::string_view::npos) return std::string{url};
  auto begin = url.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  auto colon = url.find(':', begin);
  if (colon >= at) return std::string{url};
  return std::string{url.substr(0, colon + 1)} + "***" + std::string{url.substr(at)};
}

} // namespace weir
