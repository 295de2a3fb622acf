#pragma once

#include "actors/core/json_print.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Values between the steps of a workflow are JSON text, written by agents and models: nothing here throws,
// whatever it is given.

/// What is nested deeper than this is not read: the stack has an end.
inline constexpr std::size_t max_json_depth = 100;

/// The value, or a discarded one for what is no JSON or nested too deep. For all text from outside: the
/// parser alone takes a NUL for the end of the text, whatever comes behind it.
nlohmann::json parse_json(std::string_view text);

/// What is wrong with a JSON pointer (RFC 6901), or an empty string.
std::string check_pointer(std::string_view pointer);

/// What a pointer finds, null for nothing. An invalid pointer finds nothing.
const nlohmann::json* find_pointer(const nlohmann::json& in, std::string_view pointer);

/// Takes the next token of a pointer off its front, `~0` and `~1` undone.
std::string next_pointer_token(std::string_view& rest);

/// A value as a model or a person reads it: the text of `{"text": …}` or of a JSON string, else the JSON.
std::string plain_text(const std::string& value);

/// What a `{"text": …}` holds that is itself a JSON object, also in a fenced block (```` ```json ````): a
/// model's structured answer. Else discarded.
nlohmann::json object_in_text(const nlohmann::json& value);

/// Whom an answer names: `{"<key>": name}`, or a `{"text": …}` whose text is such an object, or whose last
/// line is `<KEY>: name`. Markup around it, and the case of the key, do not matter. Empty for nobody.
std::string named_in(const nlohmann::json& answer, std::string_view key);

/// A text without its last line, where that is `<KEY>: name` as in `named_in`.
std::string without_naming_line(const std::string& text, std::string_view key);

/// Who of these is meant: the one of that name, else the only one that differs by case alone. Null: nobody.
const std::string* find_named(const std::vector<std::string>& among, std::string_view name);

} // namespace weir
