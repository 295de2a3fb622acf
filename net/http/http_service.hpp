#pragma once

#include "net/http/http_access.hpp"
#include "net/http/route_table.hpp"

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <variant>

namespace weir {

/// What one port serves over HTTP, and within which bounds. Plain.
struct http_service {
  route_table routes;
  http_access access;

  std::uint64_t max_body_bytes = 1024 * 1024;

  /// Requests in hand at once on one I/O thread, probes not counted; more are told `503`. 0: no bound.
  std::size_t max_requests = 0;

  /// Sockets of one I/O thread that speak HTTP. Policy: the one that has waited longest without a request in
  /// hand is closed.
  std::size_t max_connections = 4096;

  bool counts_handshakes = true; ///< A socket counts as a handshake until its first request is plain.

  std::chrono::milliseconds head_timeout{
      5000}; ///< From accept, or a request's first byte, to its head's end.
  std::chrono::milliseconds body_timeout{30'000};  ///< From there to the body's end.
  std::chrono::milliseconds idle_timeout{30'000};  ///< Between two requests.
  std::chrono::milliseconds write_timeout{30'000}; ///< In which a reader has to take some of its answer.

  caf::telemetry::int_counter* requests = nullptr;
  caf::telemetry::int_counter* refused = nullptr;         ///< Told `503` for `max_requests`.
  caf::telemetry::int_counter* closed_for_room = nullptr; ///< For `max_connections`.
  caf::telemetry::int_counter* failed = nullptr;          ///< Handlers that threw, or never answered.

  /// Looks at a request's head, in the order in which a client can do something about it: form, host, origin,
  /// path, method, the route's guard. Fills in what the request's target and path say.
  /// @returns who answers it, or the answer.
  std::variant<route_table::match, http_reply> admit(http_request& request) const;
};

struct socket_context;

/// Counts what happens at a port, `weir_http_…{port}`. @param port `clients` or `admin`.
void add_http_metrics(http_service& to, socket_context& sockets, const std::string& port);

} // namespace weir
