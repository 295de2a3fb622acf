#pragma once

#include <caf/telemetry/metric_registry.hpp>

#include <string>

namespace weir {

/// All metrics in Prometheus' text format. Counters end in `_total`; samples have no time of their own, so
/// that those of a node that is gone do not look alive.
///
/// The registry is locked only while the values are copied, not while the text is written: whoever needs a
/// new metric waits for neither.
std::string metrics_text(const caf::telemetry::metric_registry& registry);

} // namespace weir
