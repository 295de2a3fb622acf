#pragma once

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace weir {

/// Checks a value against a JSON schema (https://json-schema.org/draft/2020-12/json-schema-validation), as
/// far as a model's arguments need it: `type` (a word or a list of them), `enum`, `required`, `properties`,
/// `additionalProperties: false` and `items`. Other keywords allow everything, and so does a keyword that is
/// malformed itself. As deep as the schema, never deeper.
/// @param path what the value is called in the answer.
/// @returns what is wrong first (`arguments.city: missing`), or an empty string.
std::string check_json(const nlohmann::json& schema, const nlohmann::json& value, const std::string& path);

} // namespace weir
