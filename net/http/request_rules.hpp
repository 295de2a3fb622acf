#pragma once

#include "net/http/http_message.hpp"

#include <optional>

namespace weir {

/// Checks what RFC 9110 and RFC 9112 ask of a request's head beyond its grammar, and fills in `path`, `query`
/// and `host` from whichever form its target has. Plain.
/// @returns the answer to a request that is wrong; the connection is to be closed behind it.
std::optional<http_reply> check_head(http_request& request);

} // namespace weir
