#include "net/auth/request_identity.hpp"

#include <utility>
#include <variant>

namespace weir {

namespace {

std::string bearer_of(const std::string& field) {
  constexpr std::string_view scheme = "bearer ";
  if (to_lower(std::string_view{field}.substr(0, scheme.size())) != scheme) return {};
  return std::string{trimmed(std::string_view{field}.substr(scheme.size()))};
}

} // namespace

std::string token_of(const http_request& request) {
  if (auto token = bearer_of(request.field("authorization")); !token.empty()) return token;
  std::string out;
  for_each_element(request.field("sec-websocket-protocol"), [&](std::string_view offered) {
    if (out.empty() && offered.substr(0, token_subprotocol_prefix.size()) == token_subprotocol_prefix)
      out = offered.substr(token_subprotocol_prefix.size());
  });
  return out;
}

std::optional<http_reply> identify_request(const authenticator& authentication, http_request& request,
                                           std::int64_t now_ms) {
  auto token = token_of(request);
  if (token.empty() || !authentication.is_required()) return std::nullopt;
  auto identified = authentication.identify(token, now_ms);
  if (auto* err = std::get_if<refusal>(&identified)) {
    auto out = error_reply(static_cast<unsigned>(err->status), err->reason, err->message);
    out.with("www-authenticate", R"(Bearer error="invalid_token")");
    return out;
  }
  request.identity = std::get<identity_ptr>(std::move(identified));
  return std::nullopt;
}

} // namespace weir
