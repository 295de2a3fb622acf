#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace weir {

/// Where a secret is: in a file, as containers mount them, or in an environment variable. The configuration
/// only says where; what is there is read when a node starts, and again when it reloads.
struct secret_source {
  std::string env{};  ///< A variable's name; empty: none.
  std::string file{}; ///< A file's path; empty: none. It wins where both are given.

  bool operator==(const secret_source&) const = default;
};

/// Longest secret that is read from a file.
inline constexpr std::size_t max_secret_bytes = 64 * 1024;

/// The secret: what the file holds, without the newlines at its end, else the variable's value, which may be
/// empty. Nothing where no file is named and the variable is not set. A file that cannot be read, is empty or
/// too long is an error, which names the file and never repeats what is in it.
struct read_secret {
  std::optional<std::string> value;
  std::string wrong; ///< Empty: nothing is.
};

read_secret read(const secret_source& where);

/// Whether there is one.
inline bool has_secret(const secret_source& where) { return !read(where).value.value_or("").empty(); }

} // namespace weir
