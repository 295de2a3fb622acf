#pragma once

// Why something was refused, as a value.

#include <cstdint>
#include <string>
#include <utility>

namespace weir {

/// The status of an error; the numbers are HTTP's. docs/protocol.md lists the reasons of each.
enum class code : std::uint16_t {
  ok = 0,
  bad_request = 400,
  unauthenticated = 401,
  forbidden = 403,
  not_found = 404,
  conflict = 409,
  too_large = 413,
  too_many = 429, ///< A queue or quota is full; `retry_after_ms` says when to try again.
  cancelled = 499,
  internal = 500,
  unavailable = 503,
  deadline = 504,
};

/// What was refused and when trying again can help. A default-constructed one is no error: `refused()` is
/// false.
struct refusal {
  code status = code::ok;
  std::string reason;  ///< A word of the table of errors in docs/protocol.md: `rate`, `namespace_full` …
  std::string message; ///< For a person; names the field or value that was wrong.
  std::int64_t retry_after_ms = 0; ///< 0: trying again does not help. Above 0 with `too_many`.
  std::string scope; ///< With `too_many`: `connection`, `namespace`, `model`, `link` or `node`; else empty.
  std::uint64_t depth = 0; ///< With `too_many`: how full it was …
  std::uint64_t limit = 0; ///< … of how much. Both 0: not known.
  std::string detail{};    ///< What a store or another server said. For the log: it may name hosts and files.

  /// Whether there is an error.
  bool refused() const noexcept { return status != code::ok; }

  /// This error, with a detail for the log.
  refusal with_detail(std::string text) && {
    detail = std::move(text);
    return std::move(*this);
  }

  /// A 400 whose message names the field.
  static refusal bad_field(std::string message) {
    return {code::bad_request, "bad_field", std::move(message), 0, {}, 0, 0};
  }
};

} // namespace weir
