#pragma once

#include "benchmarks/load/generator/dialect.hpp"

#include <memory>

namespace weir::bench {

/// The client protocol of this repository.
std::unique_ptr<dialect> make_weir_dialect(const dialect_options& options);

/// `/sub/<group>` receives, `/pub/<group>` sends: each text frame sent goes to all of the group, as it is.
std::unique_ptr<dialect> make_plain_dialect();

/// nginx with the nchan module.
std::unique_ptr<dialect> make_nchan_dialect();

/// nats-server over WebSockets.
std::unique_ptr<dialect> make_nats_dialect();

} // namespace weir::bench
