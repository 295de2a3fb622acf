#pragma once

#include "apps/weir/config/auth_section.hpp"
#include "apps/weir/config/schema.hpp"

namespace weir {

/// `auth`.
schema::type_ptr<auth_section> auth_schema();

} // namespace weir
