#include "actors/core/errors.hpp"

#include <array>
#include <cassert>
#include <utility>

namespace weir::errors {

namespace {

#define WEIR_PLAIN_REASON(status, reason, meaning) entry{code::status, #reason, meaning, false},
#define WEIR_FULL_REASON(status, reason, meaning) entry{code::status, #reason, meaning, true},
constexpr auto rows = std::to_array<entry>({WEIR_ERROR_REASONS(WEIR_PLAIN_REASON, WEIR_FULL_REASON)});
#undef WEIR_PLAIN_REASON
#undef WEIR_FULL_REASON

} // namespace

std::span<const entry> catalogue() noexcept { return rows; }

std::string describe() {
  std::string out = "| code | reason | meaning |\n| --- | --- | --- |\n";
  for (auto& row : rows)
    out += "| " + std::to_string(static_cast<unsigned>(row.status)) + " | `" + std::string{row.reason}
           + "` | " + std::string{row.meaning} + " |\n";
  return out;
}

#define WEIR_PLAIN_REASON(status, reason, meaning)                                                           \
  refusal reason(std::string message, std::int64_t retry_after_ms) {                                         \
    assert(retry_after_ms >= 0);                                                                             \
    return {code::status, #reason, std::move(message), retry_after_ms, {}, 0, 0};                            \
  }
#define WEIR_FULL_REASON(status, reason, meaning)                                                            \
  refusal reason(std::string message, const pressure& how) {                                                 \
    assert(how.retry_after_ms > 0);                                                                          \
    return {code::status, #reason, std::move(message), how.retry_after_ms, how.scope, how.depth, how.limit}; \
  }
WEIR_ERROR_REASONS(WEIR_PLAIN_REASON, WEIR_FULL_REASON)
#undef WEIR_PLAIN_REASON
#undef WEIR_FULL_REASON

} // namespace weir::errors
