#include "actors/core/url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace weir {

namespace {

constexpr std::size_t max_host_bytes = 253; // RFC 1035, 2.3.4, as text
constexpr std::size_t max_zone_bytes = 15;  // a network interface's name

struct url_error {
  std::string what;
};

bool is_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_host_char(char c) noexcept { return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~'; }

bool is_ipv6(std::string_view text) {
  auto zone = text.find('%'); // fe80::1%eth0
  if (zone != std::string_view::npos) {
    auto name = text.substr(zone + 1);
    if (name.empty() || name.size() > max_zone_bytes || !std::all_of(name.begin(), name.end(), is_host_char))
      return false;
  }
  in6_addr parsed;
  return inet_pton(AF_INET6, std::string{text.substr(0, zone)}.c_str(), &parsed) == 1;
}

std::uint16_t port_of(std::string_view text) {
  std::uint16_t out = 0;
  auto last = text.data() + text.size();
  auto [end, error] = std::from_chars(text.data(), last, out);
  if (error != std::errc{} || end != last) throw url_error{"the port must be a number up to 65535"};
  return out;
}

host_port read_address(std::string_view text) {
  auto closing = text.find(']');
  if (closing == std::string_view::npos) throw url_error{"the host has a [ without a ]"};
  auto address = text.substr(1, closing - 1);
  auto rest = text.substr(closing + 1);
  if (!is_ipv6(address)) throw url_error{"what stands in [] must be an IPv6 address"};
  if (!rest.empty() && rest.front() != ':') throw url_error{"only a port may follow the ]"};
  host_port out{std::string{address}, std::nullopt};
  if (!rest.empty()) out.port = port_of(rest.substr(1));
  return out;
}

host_port read_host_port(std::string_view text) {
  if (!text.empty() && text.front() == '[') return read_address(text);
  auto colon = text.find(':');
  auto host = text.substr(0, colon);
  if (host.empty()) throw url_error{"the host is missing"};
  if (colon != std::string_view::npos && text.find(':', colon + 1) != std::string_view::npos)
    throw url_error{"an IPv6 address needs [] around it"};
  if (host.size() > max_host_bytes || !std::all_of(host.begin(), host.end(), is_host_char))
    throw url_error{"the host must be an IP address, or a name of at most 253 of A-Z a-z 0-9 . _ ~ -"};
  host_port out{std::string{host}, std::nullopt};
  if (colon != std::string_view::npos) out.port = port_of(text.substr(colon + 1));
  return out;
}

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string decode_percent(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    auto high = i + 2 < text.size() ? digit_of(text[i + 1]) : -1;
    auto low = i + 2 < text.size() ? digit_of(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      throw url_error{"the user or password has a % that two hexadecimal digits do not follow"};
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string all_of(std::initializer_list<std::string_view> schemes) {
  std::string out;
  for (auto x : schemes) out += (out.empty() ? "" : " or ") + std::string{x} + "://";
  return out;
}

std::string scheme_of(std::string_view text, std::initializer_list<std::string_view> schemes) {
  auto end = text.find("://");
  std::string out{text.substr(0, end == std::string_view::npos ? 0 : end)};
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  if (std::find(schemes.begin(), schemes.end(), out) == schemes.end())
    throw url_error{"must begin with " + all_of(schemes)};
  return out;
}

server_url read_url(std::string_view text, std::initializer_list<std::string_view> schemes) {
  server_url out;
  out.scheme = scheme_of(text, schemes);
  text.remove_prefix(out.scheme.size() + 3);
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }))
    throw url_error{"blanks, control characters and letters beyond ASCII must be percent-encoded"};
  if (text.find_first_of("?#") != std::string_view::npos)
    throw url_error{"must have no query and no fragment"};
  auto authority = text.substr(0, text.find('/'));
  out.path = text.substr(authority.size());
  if (auto at = authority.rfind('@'); at != std::string_view::npos) {
    auto user = authority.substr(0, at);
    auto colon = user.find(':');
    out.names_user = true;
    out.user = decode_percent(user.substr(0, colon));
    if (colon != std::string_view::npos) out.password = decode_percent(user.substr(colon + 1));
    authority.remove_prefix(at + 1);
  }
  out.at = read_host_port(authority);
  if (out.at.port == 0) throw url_error{"the port must be 1 to 65535"};
  return out;
}

} // namespace

std::variant<host_port, std::string> parse_host_port(std::string_view text) {
  try {
    return read_host_port(text);
  } catch (const url_error& error) {
    return error.what;
  }
}

std::string to_string(const host_port& x) {
  auto out = x.host.find(':') == std::string::npos ? x.host : '[' + x.host + ']';
  return x.port ? out + ':' + std::to_string(*x.port) : out;
}

std::variant<server_url, std::string> parse_server_url(std::string_view text,
                                                       std::initializer_list<std::string_view> schemes) {
  try {
    return read_url(text, schemes);
  } catch (const url_error& error) {
    return error.what;
  }
}

std::string mask_url(std::string_view text) {
  auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string{text};
  auto begin = text.find("://");
  begin = begin == std::string_view::npos ? 0 : begin + 3;
  auto colon = text.find(':', begin);
  if (colon >= at) return std::string{text};
  return std::string{text.substr(0, colon + 1)} + "***" + std::string{text.substr(at)};
}

} // namespace weir
