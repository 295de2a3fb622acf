#pragma once

#include "net/auth/authenticator.hpp"
#include "net/http/http_message.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace weir {

/// A subprotocol that begins so brings a token: browsers cannot set a header on an upgrade.
inline constexpr std::string_view token_subprotocol_prefix = "weir.token.";

/// The token that a request brings in `Authorization: Bearer` (RFC 6750, section 2.1) or as a subprotocol;
/// empty: none. A query parameter is never looked at.
std::string token_of(const http_request& request);

/// Notes in the request who sent it, where it brings a token.
/// @param now_ms milliseconds since the Unix epoch.
/// @returns the `401` for a token that is not accepted.
std::optional<http_reply> identify_request(const authenticator& authentication, http_request& request,
                                           std::int64_t now_ms);

} // namespace weir
