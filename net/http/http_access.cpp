#include "net/http/http_access.hpp"

#include <algorithm>

#include <arpa/inet.h>

namespace weir {

namespace {

constexpr const char* exposed_fields = "x-request-id, retry-after, retry-after-ms";
constexpr const char* usual_request_fields =
    "authorization, content-type, idempotency-key, last-event-id, weir-namespace, x-request-id";

struct host_port {
  std::string name; ///< Brackets of an IPv6 address and a last dot left out.
  std::string port; ///< Empty: none is said.
};

host_port split(std::string_view authority) {
  host_port out;
  if (authority.substr(0, 1) == "[") {
    auto end = std::min(authority.find(']'), authority.size());
    out.name = authority.substr(1, end - 1);
    authority.remove_prefix(std::min(end + 1, authority.size()));
    if (authority.substr(0, 1) == ":") out.port = authority.substr(1);
    return out;
  }
  auto colon = authority.rfind(':');
  out.name = authority.substr(0, colon);
  if (colon != std::string_view::npos) out.port = authority.substr(colon + 1);
  if (out.name.size() > 1 && out.name.back() == '.') out.name.pop_back();
  return out;
}

bool is_ip_address(const std::string& name) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, name.c_str(), bytes) == 1 || inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
           || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string_view::npos;
  });
}

/// The names of fields that a preflight asks for, or the usual ones. What is no list of tokens is left out.
std::string allowed_fields(const http_request& x) {
  std::string out;
  for_each_element(x.field("access-control-request-headers"), [&](std::string_view name) {
    if (!is_token(name)) return;
    if (!out.empty()) out += ", ";
    out += to_lower(name);
  });
  return out.empty() ? usual_request_fields : out;
}

} // namespace

http_access::http_access(settings config) : settings_(std::move(config)) {
  for (auto* list : {&settings_.origins, &settings_.hosts})
    for (auto& x : *list) x = to_lower(x);
  for (auto& x : settings_.origins) {
    if (x.size() > 1 && x.back() == '/') x.pop_back();
    any_origin_ = any_origin_ || x == "*";
  }
}

bool http_access::knows_host(std::string_view host) const {
  if (host.empty()) return true; // HTTP/1.0: no browser
  auto at = split(host);
  if (settings_.hosts.empty()) return !settings_.loopback || at.name == "localhost" || is_ip_address(at.name);
  return std::any_of(settings_.hosts.begin(), settings_.hosts.end(), [&](const std::string& known) {
    auto x = split(known);
    return known == "*" || (x.name == at.name && (x.port.empty() || x.port == at.port));
  });
}

bool http_access::knows_origin(std::string_view origin, std::string_view host) const {
  if (any_origin_) return true;
  if (!settings_.origins.empty())
    return std::find(settings_.origins.begin(), settings_.origins.end(), origin) != settings_.origins.end();
  auto scheme_end = origin.find("://");
  if (scheme_end == std::string_view::npos) return false; // also `null`
  auto usual_port = origin.substr(0, scheme_end) == "https" ? "443" : "80";
  auto from = split(origin.substr(scheme_end + 3)), to = split(host);
  auto port = [&](const host_port& x) { return x.port.empty() ? std::string{usual_port} : x.port; };
  return !from.name.empty() && from.name == to.name && port(from) == port(to);
}

std::optional<http_reply> http_access::check(const http_request& request) const {
  if (!knows_host(request.host))
    return error_reply(421, "unknown_host", "the node does not answer to this Host, see listen.hosts");
  if (request.count("origin") == 0) return std::nullopt;
  if (request.count("origin") == 1 && knows_origin(to_lower(request.field("origin")), request.host))
    return std::nullopt;
  return error_reply(403, "forbidden_origin", "pages of this Origin may not come in, see listen.origins");
}

std::vector<http_field> http_access::cors_fields(const http_request& request) const {
  if (request.count("origin") == 0) return {};
  std::vector<http_field> out{{"access-control-expose-headers", exposed_fields}};
  out.push_back({"access-control-allow-origin", any_origin_ ? "*" : request.field("origin")});
  if (any_origin_) return out; // never with credentials
  out.push_back({"access-control-allow-credentials", "true"});
  out.push_back({"vary", "origin"});
  return out;
}

bool http_access::is_preflight(const http_request& request) {
  return request.method == "OPTIONS" && request.count("origin") == 1
         && request.count("access-control-request-method") > 0;
}

http_reply http_access::preflight(const http_request& request, const std::string& methods) const {
  http_reply out;
  out.status = 204;
  out.with("access-control-allow-methods", methods);
  out.with("access-control-allow-headers", allowed_fields(request));
  out.with("access-control-max-age", "600");
  return out.with("allow", methods);
}

bool is_loopback_address(std::string_view address) {
  return address.substr(0, 4) == "127." || address == "::1" || address == "localhost";
}

} // namespace weir
