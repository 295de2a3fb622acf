#include "net/http/request_rules.hpp"

#include <algorithm>

namespace weir {

namespace {

using answer = std::optional<http_reply>;

answer bad(std::string_view message) { return error_reply(400, "malformed", message); }

bool is_visible_ascii(char c) noexcept { return c > 0x20 && c < 0x7f; }

bool is_alnum(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) noexcept { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// `uri-host [ ":" port ]` (RFC 9110, 7.2), in lower case.
bool is_authority(std::string_view text) {
  auto port = text.rfind(':');
  if (text.substr(0, 1) == "[") {
    auto end = text.find(']');
    if (end == std::string_view::npos || end < 3) return false;
    auto inside = text.substr(1, end - 1);
    auto in_address = [](char c) { return is_hex_digit(c) || c == ':' || c == '.'; };
    if (!std::all_of(inside.begin(), inside.end(), in_address)) return false;
    if (end + 1 == text.size()) return true;
    if (port != end + 1) return false;
  } else {
    auto name = text.substr(0, port);
    auto in_name = [](char c) {
      return is_alnum(c) || std::string_view{"-._~!$&'()*+,;=%"}.find(c) != std::string_view::npos;
    };
    if (name.empty() || !std::all_of(name.begin(), name.end(), in_name)) return false;
    if (port == std::string_view::npos) return true;
  }
  auto digits = text.substr(port + 1);
  return digits.size() <= 5 && std::all_of(digits.begin(), digits.end(), is_digit);
}

/// Takes scheme and authority off an absolute-form target (RFC 9112, 3.2.2).
answer take_authority(http_request& x, std::string_view& rest) {
  auto scheme_end = rest.find("://");
  if (scheme_end == std::string_view::npos) return bad("the request target has no form that is known");
  auto scheme = to_lower(rest.substr(0, scheme_end));
  if (scheme != "http" && scheme != "https") return bad("the request target is not of http or https");
  rest.remove_prefix(scheme_end + 3);
  auto end = rest.find_first_of("/?");
  auto authority = rest.substr(0, end);
  if (!is_authority(authority)) return bad("the request target names no host");
  x.host = to_lower(authority);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end);
  return std::nullopt;
}

answer read_target(http_request& x) {
  std::string_view rest = x.target;
  if (rest.empty()) return bad("there is no request target");
  if (!std::all_of(rest.begin(), rest.end(), is_visible_ascii))
    return bad("the request target holds bytes that have to be percent-encoded");
  if (rest.find('#') != std::string_view::npos) return bad("the request target has a fragment");
  if (x.method == "CONNECT") return error_reply(501, "bad_method", "there are no tunnels here");
  if (rest == "*") {
    x.path = "*";
    return x.method == "OPTIONS" ? answer{} : bad("only OPTIONS can be about *");
  }
  if (rest.substr(0, 1) != "/")
    if (auto wrong = take_authority(x, rest)) return wrong;
  auto mark = rest.find('?');
  x.path = rest.empty() || mark == 0 ? "/" : std::string{rest.substr(0, mark)};
  if (mark != std::string_view::npos) x.query = rest.substr(mark + 1);
  return std::nullopt;
}

/// RFC 9112, 3.2.
answer read_host(http_request& x) {
  auto there = x.count("host");
  if (there > 1) return bad("there is more than one Host");
  if (there == 0) return x.version >= 11 ? bad("a Host is needed") : answer{};
  auto host = to_lower(x.field("host"));
  if (!is_authority(host)) return bad("the Host is none");
  if (x.host.empty()) x.host = std::move(host); // else the target's counts
  return std::nullopt;
}

/// RFC 9112, 6.1 and 6.3. What a message's length is must not be a matter of opinion.
answer check_framing(const http_request& x) {
  if (x.count("transfer-encoding") == 0) return std::nullopt;
  if (x.version < 11) return bad("HTTP/1.0 has no Transfer-Encoding");
  std::size_t codings = 0, chunked = 0;
  std::string last;
  for_each_element(x.field("transfer-encoding"), [&](std::string_view coding) {
    last = to_lower(coding);
    ++codings;
    if (last == "chunked") ++chunked;
  });
  if (codings == 0 || chunked != 1 || last != "chunked")
    return bad("the last transfer coding must be chunked");
  if (codings > 1) return error_reply(501, "bad_coding", "chunked is the only transfer coding that is known");
  return std::nullopt;
}

answer check_expectations(const http_request& x) {
  auto other = false;
  for_each_element(x.field("expect"),
                   [&](std::string_view e) { other = other || to_lower(e) != "100-continue"; });
  if (other) return error_reply(417, "bad_expectation", "100-continue is the only expectation that is known");
  return std::nullopt;
}

} // namespace

std::optional<http_reply> check_head(http_request& request) {
  for (auto* check : {read_target, read_host})
    if (auto wrong = check(request)) return wrong;
  for (auto* check : {check_framing, check_expectations})
    if (auto wrong = check(request)) return wrong;
  return std::nullopt;
}

} // namespace weir
