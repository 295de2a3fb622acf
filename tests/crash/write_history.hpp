#pragma once

#include "tests/crash/history.hpp"

#include <string>

namespace weir::test {

/// Writes all that was seen as lines of JSON, for whoever looks into a failure: `what` is `log`, `published`,
/// `session`, `welcome`, `gap`, `received`, `job` or `kill`.
void write_history(const history& run, const std::string& path);

} // namespace weir::test
