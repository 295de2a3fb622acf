#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace weir {

/// What a JSON value is, in the words of an error message: `a whole number`, `an object` …
std::string type_of(const nlohmann::json& x);

} // namespace weir
