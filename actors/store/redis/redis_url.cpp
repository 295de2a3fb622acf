#include "actors/store/redis/redis_url.hpp"

#include "actors/core/url.hpp"

#include <charconv>

namespace weir {

namespace {

constexpr std::uint32_t max_database = 1'000'000;

/// A password may hold any character as it is: what a URL's may not is encoded here. No database's number
/// holds an `@`, so the user ends at the last one.
std::string with_encoded_user(std::string_view url) {
  constexpr const char* digits = "0123456789ABCDEF";
  auto begin = url.find("://");
  auto at = url.rfind('@');
  if (begin == std::string_view::npos || at == std::string_view::npos || at < begin) return std::string{url};
  std::string out{url.substr(0, begin + 3)};
  for (char c : url.substr(begin + 3, at - begin - 3)) {
    auto byte = static_cast<unsigned char>(c);
    if (c > ' ' && c <= '~' && c != '/' && c != '?' && c != '#')
      out += c;
    else
      out.append({'%', digits[byte >> 4], digits[byte & 15]});
  }
  return out.append(url.substr(at));
}

} // namespace

std::variant<redis_address, std::string> parse_redis_url(std::string_view url) {
  if (url.substr(0, 9) == "rediss://")
    return "TLS (rediss://) is not in this version; use a tunnel, or a network that you trust";
  auto got = parse_server_url(with_encoded_user(url), {"redis"});
  if (auto* wrong = std::get_if<std::string>(&got)) return std::move(*wrong);
  auto& at = std::get<server_url>(got);
  redis_address out{at.at.host, at.at.port.value_or(redis_address{}.port), at.user, at.password, 0};
  if (at.path.size() <= 1) return out;
  auto digits = std::string_view{at.path}.substr(1);
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.database);
  if (error != std::errc{} || end != digits.data() + digits.size() || out.database > max_database)
    return "the database must be a number";
  return out;
}

} // namespace weir
