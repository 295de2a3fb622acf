#include "apps/weir/config/rules.hpp"

#include "actors/cluster/links/node_address.hpp"
#include "actors/event/pattern.hpp"
#include "net/openai/openai_url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace weir {

namespace {

constexpr std::size_t max_namespace_bytes = 63;
constexpr std::size_t max_placeholder = 16;

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
bool is_lower(char c) noexcept { return c >= 'a' && c <= 'z'; }
bool is_letter(char c) noexcept { return is_lower(c) || (c >= 'A' && c <= 'Z'); }

template <class Predicate>
bool all_of(std::string_view text, Predicate ok) {
  return std::all_of(text.begin(), text.end(), ok);
}

/// The number in `{n}` at the start of `text`, 0 if there is none; `length` is set to its length.
std::size_t placeholder_at(std::string_view text, std::size_t& length) noexcept {
  auto end = text.find('}');
  if (text.empty() || text.front() != '{' || end == std::string_view::npos) return 0;
  std::size_t number = 0;
  auto [rest, error] = std::from_chars(text.data() + 1, text.data() + end, number);
  if (error != std::errc{} || rest != text.data() + end || text[1] == '0' || number > max_placeholder)
    return 0;
  length = end + 1;
  return number;
}

} // namespace

std::string check_namespace_name(std::string_view text) {
  if (text == "*") return {};
  auto ok = [](char c) { return is_lower(c) || is_digit(c) || c == '_' || c == '-'; };
  if (!text.empty() && text.size() <= max_namespace_bytes && all_of(text, ok)
      && (is_lower(text[0]) || is_digit(text[0])))
    return {};
  return "a namespace must be * or 1 to 63 of a-z 0-9 _ -, beginning with a letter or digit";
}

std::string check_node_name(std::string_view text) { return check_plain_name(text); }

std::string check_ip_address(std::string_view text) {
  in6_addr parsed;
  std::string copy{text};
  if (inet_pton(AF_INET, copy.c_str(), &parsed) == 1 || inet_pton(AF_INET6, copy.c_str(), &parsed) == 1)
    return {};
  return "must be an IP address such as 127.0.0.1 or ::1";
}

std::string check_listen_address(std::string_view text) {
  if (text.empty()) return {};
  auto at = parse_node_address(text);
  if (!at || !check_ip_address(at->host).empty())
    return "must be an IP address and a port such as 127.0.0.1:4700 or [::1]:4700";
  if (at->host == "0.0.0.0" || at->host == "::")
    return "must be an address at which the other nodes reach it";
  return {};
}

std::string check_seed_address(std::string_view text) {
  auto at = parse_node_address(text);
  return at && at->port > 0 ? "" : "must be host:port such as 127.0.0.1:4700";
}

std::string check_host_name(std::string_view text) {
  auto ok = [](char c) {
    return is_letter(c) || is_digit(c) || std::string_view{"-._:[]"}.find(c) != std::string_view::npos;
  };
  if (!text.empty() && all_of(text, ok)) return {};
  return "must be a host's name such as weir.example.com, with or without a port";
}

std::string check_origin(std::string_view text) {
  if (text == "*") return {};
  auto scheme_end = text.find("://");
  if (scheme_end != std::string_view::npos && scheme_end > 0
      && check_host_name(text.substr(scheme_end + 3)).empty())
    return {};
  return "must be an origin such as https://app.example.com, without a path, or *";
}

std::string check_variable_name(std::string_view text) {
  if (!text.empty() && !is_digit(text[0])
      && all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; }))
    return {};
  return "must be the name of an environment variable, not the secret itself";
}

std::string check_not_empty(std::string_view text) { return text.empty() ? "must not be empty" : ""; }

std::string check_model_url(std::string_view text) {
  auto got = parse_openai_url(text);
  auto* wrong = std::get_if<std::string>(&got);
  return wrong != nullptr ? *wrong : std::string{};
}

std::string check_subject_template(std::string_view text) {
  std::string filled;
  for (std::size_t i = 0; i < text.size();) {
    std::size_t length = 0;
    if (placeholder_at(text.substr(i), length) > 0) {
      filled += 'x';
      i += length;
    } else if (text[i] == '{' || text[i] == '}') {
      return "a placeholder must be {1} to {16}";
    } else {
      filled += text[i++];
    }
  }
  if (auto wrong = check_type(filled); !wrong.empty()) return wrong;
  return is_server_type(filled) ? "sys and what is below it is the server's own" : "";
}

std::size_t highest_placeholder(std::string_view text) noexcept {
  std::size_t highest = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t length = 0;
    highest = std::max(highest, placeholder_at(text.substr(i), length));
  }
  return highest;
}

std::size_t count_wildcards(std::string_view pattern) noexcept {
  return static_cast<std::size_t>(
      std::count_if(pattern.begin(), pattern.end(), [](char c) { return c == '*' || c == '>'; }));
}

bool is_loopback(const std::string& address) noexcept {
  in_addr v4;
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return false;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) return v6.s6_addr[12] == 127;
  return IN6_IS_ADDR_LOOPBACK(&v6);
}

} // namespace weir
