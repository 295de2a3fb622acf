#pragma once

#include "net/http/http_service.hpp"
#include "net/http/metrics_exporter.hpp"
#include "net/node_status.hpp"

#include <memory>

namespace weir {

class io_thread;

/// `/healthz` and `/readyz`: answered whatever else the port has in hand.
void add_probes(route_table& to, const std::shared_ptr<const node_status>& node);

/// `/`: what a person sees who opens the clients' port.
void add_index(route_table& to, const std::shared_ptr<const node_status>& node);

/// What a later version has: `501`.
void add_later(route_table& to);

/// `/metrics`. @param thread the port's.
void add_metrics(route_table& to, io_thread& thread, std::shared_ptr<metrics_exporter> exporter);

} // namespace weir
