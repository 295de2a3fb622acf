#pragma once

#include "actors/core/refusal.hpp"
#include "actors/store/store_findings.hpp"

#include <string>
#include <variant>

namespace weir {

/// Looks at a store file and at what stands beside it: SQLite's own checks; whether each log has the events
/// that it says it has, and goes as far as its witness says; keys that belong to nobody; rights. The refusal
/// says why it cannot be looked at: a node has it open, it is another program's.
std::variant<store_findings, refusal> verify_sqlite_store(const std::string& path);

} // namespace weir
