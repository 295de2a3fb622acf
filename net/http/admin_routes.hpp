#pragma once

#include "actors/messages/namespace.hpp"
#include "net/http/http_routes.hpp"

#include <string>
#include <variant>

namespace weir {

/// Asks a node to drain and then to end, as SIGTERM does.
struct admin_drain {
  std::string node; ///< Its name; empty: whichever is asked.
};

/// What an operator's request asks of the host or of the node, or the reply that it gets at once: for a path
/// that is none, a method or a field that is wrong, a token that is missing.
using admin_routed = std::variant<admin_query, http_reply, admin_drain>;

/// Plain.
///
///     GET  /v1/admin/namespaces
///     GET  /v1/admin/namespaces/{ns}
///     GET  /v1/admin/namespaces/{ns}/dead?limit=N
///     GET  /v1/admin/namespaces/{ns}/runs?limit=N
///     POST /v1/admin/namespaces/{ns}/dead/retry   {"event_id":"…"}
///     GET  /v1/admin/nodes
///     POST /v1/admin/drain                        nothing, or {"node":"…"}
///
/// @param token that a request has to bear; empty: none.
admin_routed admin_route(const http_request& what, const std::string& token);

/// What the node of that name answers.
http_reply drain_reply(const std::string& name);

/// The host's answer as a reply.
http_reply admin_reply(const admin_answer& what);

} // namespace weir
