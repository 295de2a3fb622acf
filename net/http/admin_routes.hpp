#pragma once

#include "actors/messages/namespace.hpp"
#include "net/http/http_service.hpp"

#include <functional>
#include <string>

namespace weir {

/// What requests of operators have to bear.
struct admin_tokens {
  std::string every;    ///< Every request; empty: none is needed.
  std::string changing; ///< One that changes something; empty: as `every`.
};

/// What the admin calls reach.
struct admin_port {
  /// Asks the host; `done` may be called later.
  std::function<void(admin_query what, std::function<void(http_reply)> done)> ask;

  /// Has a copy of the node's store made; `done` may be called later.
  std::function<void(std::function<void(http_reply)> done)> copy_store;

  /// Lets this node drain and then end, as SIGTERM does. Called more than once.
  std::function<void()> drain;

  /// Loads this node's configuration again; null: it cannot. `done` is called later.
  std::function<void(std::function<void(http_reply)> done)> reload = nullptr;

  std::string node_name;
};

/// Adds the operators' calls.
///
///     GET  /v1/admin/namespaces
///     GET  /v1/admin/namespaces/{ns}
///     GET  /v1/admin/namespaces/{ns}/dead?limit=N
///     GET  /v1/admin/namespaces/{ns}/runs?limit=N
///     GET  /v1/admin/namespaces/{ns}/events?after_seq=N&limit=M
///     DELETE /v1/admin/namespaces/{ns}
///     POST /v1/admin/namespaces/{ns}/dead/retry   {"event_id":"…"}
///     GET  /v1/admin/agents?namespace=N           without it: of all namespaces
///     POST /v1/admin/agents/restart               {"agent":"…","namespace":"…"}; likewise
///     GET  /v1/admin/nodes
///     POST /v1/admin/reload
///     POST /v1/admin/backup                       answered when the copy is made: {"file":"…"}
///     POST /v1/admin/drain                        nothing, or {"node":"…"}
///
/// Those that change something need `Content-Type: application/json`, which the form of a foreign page cannot
/// send.
///
/// @param tokens asked anew for each request.
void add_admin_routes(route_table& to, admin_port port, std::function<admin_tokens()> tokens);

/// The host's answer as a reply.
http_reply admin_reply(const admin_answer& what);

} // namespace weir
