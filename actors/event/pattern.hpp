#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Subjects and patterns as the client protocol defines them: a type is 1–16 tokens of [A-Za-z0-9_-] joined by
// `.`, at most 256 bytes; a pattern is one in which a token may be `*` (exactly one token) and the last may
// be
// `>` (one or more).

inline constexpr std::size_t max_type_bytes = 256;
inline constexpr std::size_t max_type_tokens = 16;

/// What is wrong with a type, or an empty string.
std::string check_type(std::string_view type);

/// What is wrong with a pattern, or an empty string.
std::string check_pattern(std::string_view pattern);

/// Whether a valid pattern matches a valid type.
bool matches(std::string_view pattern, std::string_view type) noexcept;

/// Whether the type is the server's own: `sys` or below it.
bool is_server_type(std::string_view type) noexcept;

/// What each wildcard of a pattern matched in a type that it matches, in order; the tail `>` gives all that
/// it matched, dots included.
std::vector<std::string_view> captures(std::string_view pattern, std::string_view type);

/// Fills `{1}`, `{2}` … in a subject template with what the first, second … wildcard of `pattern` matched in
/// `type`. A number without a wildcard leaves nothing.
std::string fill_subject(std::string_view subject, std::string_view pattern, std::string_view type);

/// Takes the next token off the front of `rest`.
std::string_view next_token(std::string_view& rest) noexcept;

} // namespace weir
