#pragma once

#include "actors/namespace/messages.hpp"
#include "net/http_routes.hpp"

#include <string>
#include <variant>

namespace weir {

/// What an operator's request asks of the host, or the reply that it gets at once: for a path that is none, a
/// method or a field that is wrong, a token that is missing. Plain.
///
///     GET  /v1/admin/namespaces
///     GET  /v1/admin/namespaces/{ns}
///     GET  /v1/admin/namespaces/{ns}/dead?limit=N
///     POST /v1/admin/namespaces/{ns}/dead/retry   {"event_id":"…"}
///
/// @param token that a request has to bear; empty: none.
std::variant<admin_query, http_reply> admin_route(const http_request& what, const std::string& token);

/// The host's answer as a reply.
http_reply admin_reply(const admin_answer& what);

} // namespace weir
