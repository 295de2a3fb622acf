#pragma once

#include "actors/models/config.hpp"
#include "apps/weir/config/schema.hpp"

namespace weir {

/// `models.NAME.simulated.replies`.
schema::type_ptr<std::vector<simulated_reply>> replies_schema();

} // namespace weir
