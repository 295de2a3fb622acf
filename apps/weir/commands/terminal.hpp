#pragma once

#include <string>
#include <string_view>

namespace weir {

// What goes from others to the terminal, and from the terminal to others. Plain, but for `print_line`.

/// Text of a model's or another client's as a terminal may show it: what would steer the terminal, or hide
/// what stands there, is written out, `\x1b` for an escape. Newlines and tabs stay, carriage returns go.
std::string printable(std::string_view text);

/// The same for JSON on one line, which stays JSON of the same value: `\u009b`.
std::string printable_json(std::string_view json);

/// UTF-8, with U+FFFD in the place of each byte that is none.
std::string repaired_utf8(std::string_view text);

/// Prints a line to stdout and flushes it. Throws std::runtime_error when it cannot be written.
void print_line(std::string_view line);

/// Flushes stdout. Throws std::runtime_error when what was printed could not be written.
void check_output();

} // namespace weir
