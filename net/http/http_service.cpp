#include "net/http/http_service.hpp"

#include "net/http/request_rules.hpp"
#include "net/socket_context.hpp"

#include <caf/telemetry/metric_registry.hpp>

namespace weir {

std::variant<route_table::match, http_reply> http_service::admit(http_request& request) const {
  if (auto wrong = check_head(request)) return std::move(*wrong);
  if (auto no = access.check(request)) return std::move(*no);
  auto found = routes.find(request);
  if (std::holds_alternative<http_reply>(found)) return found;
  auto& match = std::get<route_table::match>(found);
  if (http_access::is_preflight(request)) return access.preflight(request, match.allowed);
  if (request.method == "OPTIONS") return http_reply{204, {}, {}, {{"allow", match.allowed}}, 0, {}};
  request.params = match.params;
  auto upgrades =
      match.websocket != nullptr && (match.route == nullptr || request.has_token("upgrade", "websocket"));
  if (upgrades) {
    match.route = nullptr;
    return found;
  }
  match.websocket = nullptr;
  if (match.route->guard)
    if (auto no = match.route->guard(request)) return std::move(*no);
  return found;
}

void add_http_metrics(http_service& to, socket_context& sockets, const std::string& port) {
  auto& metrics = sockets.unit.system().metrics();
  auto counter = [&](caf::string_view name, caf::string_view help) {
    return metrics.counter_instance("weir", name, {{"port", port}}, help, "1", true);
  };
  to.requests = counter("http-requests", "Requests whose head came.");
  to.refused = counter("http-refused", "Requests that were told 503, as there were too many.");
  to.closed_for_room = counter("http-closed-for-room",
                               "Connections that were closed while they waited, as there were too many.");
  to.failed = counter("http-failed", "Requests whose handler failed or did not answer.");
  sockets.http_sockets.count_in(
      *metrics.gauge_instance("weir", "http-connections", {{"port", port}}, "Connections that speak HTTP."));
}

} // namespace weir
