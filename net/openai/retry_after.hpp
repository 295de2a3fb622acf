#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

/// What a response says about when to come again.
struct retry_headers {
  std::string retry_after;    ///< `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
  std::string retry_after_ms; ///< `Retry-After-Ms`, which OpenAI sends beside it: milliseconds, finer.
  std::string date;           ///< `Date`: the server's clock, which a date is measured by.
};

/// Milliseconds from now, at most an hour and at least 1; nothing where none is said or none can be read.
/// @param now where the server does not say its own time.
std::optional<std::int64_t> retry_after_ms(const retry_headers& said,
                                           std::chrono::system_clock::time_point now);

/// An HTTP date in any of the three forms of RFC 9110, 5.6.7.
std::optional<std::chrono::system_clock::time_point> parse_http_date(const std::string& text);

} // namespace weir
