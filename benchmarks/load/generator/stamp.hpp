#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir::bench {

/// What each published event carries.
struct stamp {
  std::uint32_t lane = 0;   ///< Whose event it is: lanes are numbered over the whole run.
  std::uint32_t number = 0; ///< Within its lane: 0, 1, 2 …
  std::int64_t due_ns = 0;  ///< When it was due, CLOCK_MONOTONIC.
};

/// Adds it as compact JSON, padded to that many bytes, or longer where it takes more. The fields are in the
/// order of the alphabet, so that a server which sorts them leaves the text as it is.
void append_stamp(std::string& out, const stamp& x, std::size_t bytes);

/// Nothing where the text is none of `append_stamp`'s.
std::optional<stamp> read_stamp(std::string_view text);

} // namespace weir::bench
