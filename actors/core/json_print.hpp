#pragma once

#include <nlohmann/json_fwd.hpp>

#include <concepts>
#include <string>
#include <string_view>

namespace weir {

// The only place that prints JSON. Text from outside may hold bytes that are not UTF-8 (a path, a header,
// what a model or a plugin wrote): these become U+FFFD, and nothing here throws because of them.

/// JSON text. @param indent spaces for each level; -1: compact, on one line.
std::string print_json(const nlohmann::json& x, int indent = -1);

/// As above. A template so that what converts to either kind of value is not ambiguous.
template <std::same_as<nlohmann::ordered_json> Json>
std::string print_json(const Json& x, int indent = -1);

/// Appends `value` as a JSON string.
void append_json_string(std::string& out, std::string_view value);

/// `value` as a JSON string.
std::string json_string(std::string_view value);

} // namespace weir
