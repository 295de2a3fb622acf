#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace weir {

/// Codes of the client protocol's `error` frame; the numbers are HTTP's.
enum class code : std::uint16_t {
  ok = 0,
  bad_request = 400,
  unauthenticated = 401,
  forbidden = 403,
  not_found = 404,
  conflict = 409,
  too_large = 413,
  too_many = 429,
  cancelled = 499,
  internal = 500,
  unavailable = 503,
  deadline = 504,
};

/// A `no` with all that its receiver needs to go on: what was wrong, and when trying again can help.
/// A default-constructed one means that nothing was refused.
struct refusal {
  code status = code::ok;
  std::string reason; ///< A word of the protocol's table of errors: `rate`, `namespace_full`, `bad_field` …
  std::string message;             ///< For a person; names the field or the value.
  std::int64_t retry_after_ms = 0; ///< 0: trying again does not help. Never 0 with `too_many`.
  std::string scope;               ///< With `too_many`: `connection`, `namespace`, `model`, `link` or `node`.
  std::uint64_t depth = 0;         ///< With `too_many`: how full it was …
  std::uint64_t limit = 0;         ///< … of how much.
  std::string detail{};            ///< What a store or another server said. For the log, never for a client.

  bool refused() const noexcept { return status != code::ok; }

  /// The same with this for the log.
  refusal with_detail(std::string text) && {
    detail = std::move(text);
    return std::move(*this);
  }

  static refusal bad_field(std::string message) {
    return {code::bad_request, "bad_field", std::move(message), 0, {}, 0, 0};
  }
};

template <class Inspector>
bool inspect(Inspector& f, code& x) {
  auto get = [&x] { return static_cast<std::uint16_t>(x); };
  auto set = [&x](std::uint16_t value) {
    x = static_cast<code>(value);
    return true;
  };
  return f.apply(get, set);
}

template <class Inspector>
bool inspect(Inspector& f, refusal& x) {
  return f.object(x).fields(f.field("status", x.status), f.field("reason", x.reason),
                            f.field("message", x.message), f.field("retry_after_ms", x.retry_after_ms),
                            f.field("scope", x.scope), f.field("depth", x.depth), f.field("limit", x.limit),
                            f.field("detail", x.detail));
}

} // namespace weir
